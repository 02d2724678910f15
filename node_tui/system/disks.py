"""The disks of this machine: what lsblk and udev tell, put into words and owners."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pyudev
from msgspec import Struct

from node_tui.plan.layout import is_begun_by_us, is_ours, words
from node_tui.system.block import settle
from node_tui.system.command import run
from node_tui.system.disk_groups import PHYSICAL_VOLUME, read_volume_groups, shared_groups
from node_tui.system.disk_probe import PEEK_AT, TABLES, Probe, probe_disk
from node_tui.system.mounts import TARGET, Mounts
from persist.errors import StepError
from persist.translation import _
from plugins.api.facts import Disk, DiskOwner

BOOT_MARKER = Path("/run/node/boot.json")
COLUMNS = (
    "NAME,KNAME,PATH,TYPE,SIZE,LOG-SEC,MODEL,VENDOR,SERIAL,WWN,TRAN,ROTA,RM,RO,MOUNTPOINTS,"
    "FSTYPE,LABEL,UUID,PTTYPE,PARTTYPE,PARTN,PARTLABEL"
)
CONTENTS = ("fstype", "label", "uuid", "pttype", "parttype", "partn", "partlabel")
# Paths of one LUN have these buses; a serial number seen twice elsewhere is a careless maker's.
MULTIPATH_BUSES = ("fc", "sas", "iscsi", "scsi", "")
WHOLE = ("disk", "mpath")
_BOOT_AREA = re.compile(r"mmcblk\d+(boot\d+|rpmb)")


class Block(Struct, rename={"log_sec": "log-sec"}):
    """One row of lsblk with the rows below it."""

    name: str
    kname: str
    path: str
    type: str
    size: int | None = 0
    log_sec: int | None = 512
    model: str | None = None
    vendor: str | None = None
    serial: str | None = None
    wwn: str | None = None
    tran: str | None = None
    rota: bool | None = False
    rm: bool | None = False
    ro: bool | None = False
    mountpoints: tuple[str | None, ...] = ()
    fstype: str | None = None
    label: str | None = None
    uuid: str | None = None
    pttype: str | None = None
    parttype: str | None = None
    partn: int | None = None
    partlabel: str | None = None
    children: tuple["Block", ...] = ()

    def tree(self) -> Iterable["Block"]:
        """Yield this row and all below it."""
        yield self
        for child in self.children:
            yield from child.tree()


class _Listing(Struct):
    blockdevices: tuple[Block, ...]


class Inventory(Struct, frozen=True, kw_only=True):
    """Everything known of the disks at one moment; tests hold recorded ones.

    ``udev`` maps a device path to its udev properties, ``probes`` to what was read from the disk
    itself (absent for a quick look), ``volume_groups`` a kernel name to the volume group in words
    (None when LVM does not tell), ``boot_device`` is what the live system runs from.
    """

    lsblk: Any
    udev: Mapping[str, Mapping[str, str]] = {}
    probes: Mapping[str, Probe] = {}
    volume_groups: Mapping[str, str] | None = {}
    boot_device: str | None = None


def read_disks() -> tuple[Disk, ...]:
    """Return the disks as lsblk and udev know them: quick, reads nothing from the disks."""
    return describe_disks(_listen())


def examine_disks(path: str = "") -> tuple[Disk, ...]:
    """Return the disks after looking at each: unknown data, tables cut short, installed nodes.

    What lies on them is read anew: udev remembers, and a decision to erase must not rest on that.
    With ``path`` only that disk is looked at and returned.
    """
    for base in (PEEK_AT, TARGET):
        Mounts(base).sweep()
    settle()
    seen = _listen()
    argv = ["lsblk", "--json", "--properties-by=blkid", f"--output=PATH,{','.join(CONTENTS)}"]
    read = msgspec.json.decode(run(argv, timeout=120).stdout)
    seen = msgspec.structs.replace(seen, lsblk=with_contents(seen.lsblk, read))
    probes = {}
    for block in whole_disks(seen):
        wanted = path in ("", block.path)
        if wanted and block.size and not any(filter(None, _mounts(block))):
            probes[block.path] = probe_disk(Path(block.path), block.log_sec or 512)
    members = {row.fstype for block in whole_disks(seen) for row in block.tree()}
    groups = read_volume_groups() if PHYSICAL_VOLUME in members else {}
    disks = describe_disks(
        msgspec.structs.replace(seen, probes=probes, volume_groups=groups),
    )
    return tuple(disk for disk in disks if path in ("", disk.path))


def with_contents(listing: Any, read: Any) -> Any:
    """Return ``listing`` with what lies on each row taken from ``read``; both are lsblk's JSON."""
    found = {row["path"]: row for row in _flat(read["blockdevices"])}

    def renewed(row: dict[str, Any]) -> dict[str, Any]:
        new = {**row, **{name: found.get(row["path"], row).get(name) for name in CONTENTS}}
        if "children" in row:
            new["children"] = [renewed(child) for child in row["children"]]
        return new

    return {"blockdevices": [renewed(row) for row in listing["blockdevices"]]}


def _flat(rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for row in rows:
        yield row
        yield from _flat(row.get("children", ()))


def list_disks() -> tuple[Block, ...]:
    """Return the rows of whole disks with everything that lies on them."""
    return whole_disks(_listen())


def _listen() -> Inventory:
    listing = run(["lsblk", "--json", "--bytes", f"--output={COLUMNS}"], timeout=30)
    return Inventory(
        lsblk=msgspec.json.decode(listing.stdout),
        udev=_read_udev(),
        boot_device=_read_boot_device(),
    )


def _read_udev() -> dict[str, dict[str, str]]:
    devices = pyudev.Context().list_devices(subsystem="block")
    return {device.device_node: dict(device.properties) for device in devices if device.device_node}


def _read_boot_device() -> str | None:
    """Return the device of the live medium; None when nothing says so (PXE, installed)."""
    try:
        told = msgspec.json.decode(BOOT_MARKER.read_text("utf-8", errors="replace"))
    except FileNotFoundError:
        return None
    medium = told.get("medium_device")
    return os.path.realpath(medium) if medium else None


def whole_disks(seen: Inventory) -> tuple[Block, ...]:
    """Return the rows of whole disks: one a LUN, the multipath device itself when there is one."""
    try:
        rows = msgspec.convert(seen.lsblk, _Listing).blockdevices
    except msgspec.ValidationError as error:
        raise StepError(
            _("lsblk told something unexpected: {error}").format(error=error),
            _("Report this with the output of lsblk --json --bytes --output-all."),
        ) from None
    # One multipath device stands below each of its paths: take it once, in place of the paths.
    found: dict[str, Block] = {}
    for row in rows:
        multipath = next((child for child in row.children if child.type == "mpath"), None)
        if multipath is not None:
            found.setdefault(multipath.path, _with_identity(multipath, row, seen))
        elif _can_be_shown(row, seen.boot_device):
            found.setdefault(row.path, row)
    return tuple(found.values())


def _can_be_shown(row: Block, boot_device: str | None) -> bool:
    """Leave out what is no disk to install on; a CD is shown when we run from it.

    That is loop and RAM disks, empty card readers, and boot areas beside the storage of an eMMC.
    """
    if row.type == "rom":
        return row.path == boot_device
    if _BOOT_AREA.fullmatch(row.name):
        return False
    return row.type in WHOLE and bool(row.size) and not row.name.startswith(("zram", "ram"))


def _with_identity(multipath: Block, member: Block, seen: Inventory) -> Block:
    """Give a multipath device what only its paths know: who made it and how it is attached."""
    return msgspec.structs.replace(
        multipath,
        model=member.model,
        vendor=member.vendor,
        serial=_serial(member, seen),
        wwn=_wwn(member, seen),
        tran=member.tran,
        rota=member.rota,
    )


def describe_disks(seen: Inventory) -> tuple[Disk, ...]:
    """Return one Disk a LUN, in order of name. Pure."""
    groups: dict[tuple[str, ...], list[Block]] = {}
    for block in whole_disks(seen):
        groups.setdefault(_identity(block, seen), []).append(block)
    rows = [[row for block in blocks for row in block.tree()] for blocks in groups.values()]
    disks = [
        _describe(blocks, seen, shared)
        for blocks, shared in zip(
            groups.values(), shared_groups(rows, seen.volume_groups), strict=True
        )
    ]
    return tuple(sorted(disks, key=lambda disk: (len(disk.path), disk.path)))


def _identity(block: Block, seen: Inventory) -> tuple[str, ...]:
    """Return what the paths of one LUN share, and only they."""
    wwn, serial = _wwn(block, seen), _serial(block, seen)
    if (block.tran or "") in MULTIPATH_BUSES and block.type == "disk":
        if wwn:
            # Careless makers give one WWN to many disks; their serial numbers still differ.
            return ("wwn", wwn, serial, str(block.size))
        if serial:
            return ("serial", block.vendor or "", block.model or "", serial, str(block.size))
    return ("path", block.path)


def _describe(blocks: list[Block], seen: Inventory, shared: tuple[str, ...]) -> Disk:
    first = blocks[0]
    probe = seen.probes.get(first.path)
    mountpoints = [point for block in blocks for point in _mounts(block) if point]
    owner = _owner(blocks, seen, probe, mounted=bool(mountpoints))
    return Disk(
        path=first.path,
        paths=_kernel_paths(blocks, seen),
        size=first.size or 0,
        sector_size=first.log_sec or 512,
        model=(first.model or "").strip(),
        serial=_serial(first, seen),
        wwn=_wwn(first, seen),
        bus=_bus(first),
        rotational=bool(first.rota),
        removable=bool(first.rm),
        read_only=bool(first.ro),
        by_id=_by_id(blocks, seen),
        contents=_contents(first, probe, owner),
        owner=owner,
        mountpoints=tuple(dict.fromkeys(mountpoints)),
        node_generation=probe.generation if probe and owner == "node" else None,
        groups=shared,
        problem=probe.problem if probe else "",
    )


def _owner(
    blocks: list[Block], seen: Inventory, probe: Probe | None, *, mounted: bool
) -> DiskOwner:
    first = blocks[0]
    rows = {row.path for block in blocks for row in block.tree()}
    if seen.boot_device in rows:
        return "boot-medium"
    if mounted:
        return "mounted"
    partitions = _partitions(first)
    if is_ours(tuple((part.parttype or "").lower() for part in partitions)):
        return "node"
    unused = not first.children and not first.fstype
    if unused and probe is not None and _is_torn_table(probe):
        return "node"
    return "empty" if unused and (probe is None or probe.is_blank) else "foreign"


def _is_torn_table(probe: Probe) -> bool:
    """Tell whether an installation was cut while it wrote its table, and nothing came after it.

    The backup of a table outlives a filesystem that somebody puts on the whole disk later.
    """
    return is_begun_by_us(probe.begun_types) and not set(probe.signatures) - TABLES


def _contents(block: Block, probe: Probe | None, owner: DiskOwner) -> tuple[str, ...]:
    found = [_signature(block)] if block.fstype else []
    found += [_partition(part) for part in _partitions(block)]
    found += [
        _("used by {kind} {name}").format(kind=row.type, name=row.name)
        for row in block.tree()
        if row.type not in {"part", block.type}
    ]
    if probe is not None and probe.problem:
        found.append(_("cannot be read: {reason}").format(reason=probe.problem))
    elif probe is not None and not found:
        known = [kind for kind in probe.signatures if kind not in TABLES]
        found += [_("{kind} signature").format(kind=kind) for kind in known]
        if owner == "node":
            found = [_("an installation of a node that was cut short")]
        elif not found and not probe.is_blank:
            found = [_("unknown data (no signature that is known)")]
    if not found and block.pttype:
        found = [_("an empty partition table ({kind})").format(kind=block.pttype)]
    return tuple(dict.fromkeys(found))


def _partition(part: Block) -> str:
    name = part.partlabel or part.label or ""
    kind = part.fstype or _("unknown data")
    label = f" '{name}'" if name else ""
    return _("partition {number}{label}: {kind}, {size}").format(
        number=part.partn or part.name, label=label, kind=kind, size=words(part.size or 0)
    )


def _signature(block: Block) -> str:
    label = f" '{block.label}'" if block.label else ""
    return f"{block.fstype}{label}"


def _partitions(block: Block) -> list[Block]:
    parts = [child for child in block.children if child.type == "part"]
    return sorted(parts, key=lambda part: part.partn or 0)


def _mounts(block: Block) -> list[str | None]:
    return [point for row in block.tree() for point in row.mountpoints]


def _bus(block: Block) -> str:
    if block.tran:
        return block.tran
    name = block.kname
    if name.startswith("nvme"):
        return "nvme"
    if name.startswith("vd"):
        return "virtio"
    return "mmc" if name.startswith("mmcblk") else ""


def _serial(block: Block, seen: Inventory) -> str:
    told = seen.udev.get(block.path, {})
    # Elsewhere ID_SERIAL holds the maker too; virtio has nothing but the number.
    virtio = told.get("ID_SERIAL") if block.kname.startswith("vd") else ""
    return (block.serial or told.get("ID_SERIAL_SHORT") or virtio or "").strip()


def _wwn(block: Block, seen: Inventory) -> str:
    """Return the whole WWN: udev's short form is the same for all LUNs of one array."""
    told = seen.udev.get(block.path, {})
    return (told.get("ID_WWN_WITH_EXTENSION") or block.wwn or told.get("ID_WWN") or "").strip()


def _links(path: str, seen: Inventory) -> list[str]:
    return sorted(seen.udev.get(path, {}).get("DEVLINKS", "").split())


def _by_id(blocks: list[Block], seen: Inventory) -> tuple[str, ...]:
    links = [link for block in blocks for link in _links(block.path, seen)]
    wanted = ("/dev/disk/by-id/", "/dev/disk/by-path/", "/dev/mapper/")
    return tuple(dict.fromkeys(link for link in links if link.startswith(wanted)))


def _kernel_paths(blocks: list[Block], seen: Inventory) -> tuple[str, ...]:
    """Return every device path that leads to this LUN."""
    paths = {block.path for block in blocks}
    rows = msgspec.convert(seen.lsblk, _Listing).blockdevices
    paths |= {row.path for row in rows if any(child.path in paths for child in row.children)}
    return tuple(sorted(paths, key=lambda path: (len(path), path)))
