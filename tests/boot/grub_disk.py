"""Small installed disks for the real GRUB: ESP, GRUB for BIOS, two slots; nothing is mounted."""

import hashlib
import shutil
import struct
import subprocess
import uuid
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from image.build import host
from node_tui.plan.boot_state import BootState
from node_tui.plan.layout import BIOS_TYPE, ESP_TYPE, SLOT_TYPE
from node_tui.system import bios_core, esp

MIB = 2**20
SECTOR = 512
STEP = "boot-tests"
# Room for loaders and rescue kernel; FAT32 needs 65525 clusters of one sector at least.
LAYOUT = ((ESP_TYPE, 48), (BIOS_TYPE, 1), (SLOT_TYPE, 20), (SLOT_TYPE, 20))
ESP_START = MIB
SLOT_NUMBER = {"A": 3, "B": 4}


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a disk is made of: the tools tree, the boot files of the image, a signed kernel."""

    tools: Path
    boot_files: Path  # the image's /usr/lib/node: esp/ and bios/
    kernel: Path
    work: Path


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A slot's /boot. ``arguments`` go to node.cfg; ``without`` are files that are not there;
    ``damage`` are files whose bytes differ from what SHA256SUMS says, ``unlisted`` those it does
    not speak of."""

    arguments: str = "earlyprintk=ttyS0 panic=-1 slot-args"
    without: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    readable: bool = True


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An installed disk; without ``state`` it has no copy of one, without ``rescue`` no kernel."""

    a: Slot | None = Slot()
    b: Slot | None = Slot()
    state: BootState | None
    arguments: str = "machine-args"
    rescue: bool = True
    more: dict[str, bytes] = field(default_factory=dict)


def make_disk(parts: Parts, name: str, content: Installed) -> Path:
    """Write the raw image ``name`` and return its path."""
    disk = parts.work / f"{name}.img"
    starts = write_table(disk)
    tree = parts.work / f"{name}.esp"
    fill_esp_tree(parts, tree, content)
    put_esp(parts, disk, tree)
    for slot, start in ((content.a, starts[2]), (content.b, starts[3])):
        if slot is not None:
            put(disk, start, slot_image(parts, slot).read_bytes())
    for slot, start in ((content.a, starts[2]), (content.b, starts[3])):
        if slot is not None and not slot.readable:
            put(disk, start, bytes(4096))
    bios = parts.boot_files / "bios"
    bios_core.embed(disk, bios / "boot.img", bios / "core.img")
    return disk


def fill_esp_tree(parts: Parts, tree: Path, content: Installed) -> None:
    """Write the files of the ESP into the folder ``tree`` as the installer does."""
    shutil.rmtree(tree, ignore_errors=True)
    boot = parts.work / "rescue"
    boot.mkdir(exist_ok=True)
    shutil.copyfile(parts.kernel, boot / "vmlinuz")
    (boot / "initrd.img").write_bytes(empty_archive())
    (boot / "node.cfg").write_text('set args="earlyprintk=ttyS0 panic=-1 rescue-args"\n')
    sources = parts.boot_files / "esp"
    listed = esp.esp_files(sources, content.arguments, boot / "vmlinuz", boot / "initrd.img")
    files = [file for file in listed if content.rescue or not file.name.startswith(esp.RESCUE)]
    files += [esp.EspFile(name, data) for name, data in content.more.items()]
    state = content.state or BootState(gen=0, active="A", good="A", a="good", b="good")
    esp.fill(tree, tuple(files), state)
    if content.state is None:
        for copy in ("state0", "state1"):
            (tree / "grub" / copy).unlink()


def slot_image(parts: Parts, slot: Slot) -> Path:
    """Return the squashfs of a slot, made once for its content."""
    key = hashlib.sha256(repr(slot).encode()).hexdigest()[:12]
    image = parts.work / f"slot-{key}.img"
    if image.exists():
        return image
    boot = parts.work / f"slot-{key}" / "boot"
    boot.mkdir(parents=True)
    shutil.copyfile(parts.kernel, boot / "vmlinuz")
    (boot / "initrd.img").write_bytes(empty_archive())
    (boot / "node.cfg").write_text(f'set args="{slot.arguments}"\n')
    names = [name for name in ("vmlinuz", "initrd.img", "node.cfg") if name not in slot.unlisted]
    sums = [f"{hashlib.sha256((boot / n).read_bytes()).hexdigest()}  {n}\n" for n in names]
    (boot / "SHA256SUMS").write_text("".join(sums))
    for name in slot.damage:
        content = bytearray((boot / name).read_bytes())
        middle = len(content) // 2
        content[middle : middle + 64] = bytes(byte ^ 0xFF for byte in content[middle : middle + 64])
        (boot / name).write_bytes(content)
    for name in slot.without:
        (boot / name).unlink()
    options = ["-comp", "xz", "-action", "uncompressed@subpathname(boot)", "-no-progress"]
    run_tool(parts, ["mksquashfs", str(boot.parent), str(image), *options])
    return image


def empty_archive() -> bytes:
    """Return an initramfs with nothing in it: the end mark of a "newc" archive."""
    fields = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, len("TRAILER!!!") + 1, 0]
    header = b"070701" + b"".join(b"%08X" % number for number in fields)
    return (header + b"TRAILER!!!\0").ljust(512, b"\0")


def put_esp(parts: Parts, disk: Path, tree: Path) -> None:
    """Make the FAT filesystem of ``disk`` with the content of ``tree``."""
    image = disk.with_suffix(".fat")
    image.unlink(missing_ok=True)
    kib = str(LAYOUT[0][1] * 1024)
    run_tool(parts, ["mkfs.vfat", "-F", "32", "-s", "1", "-C", str(image), kib])
    names = sorted(str(path) for path in tree.iterdir())
    run_tool(parts, ["mcopy", "-i", str(image), "-s", *names, "::/"])
    put(disk, ESP_START, image.read_bytes())
    image.unlink()


def write_to_esp(parts: Parts, disk: Path, name: str, content: bytes | None) -> None:
    """Replace a file of the ESP, or remove it."""
    place = f"{disk}@@{ESP_START}"
    if content is None:
        run_tool(parts, ["mdel", "-i", place, f"::/{name}"])
        return
    source = parts.work / "to-esp"
    source.write_bytes(content)
    run_tool(parts, ["mcopy", "-D", "o", "-i", place, str(source), f"::/{name}"])


def read_from_esp(parts: Parts, disk: Path, name: str, target: Path) -> Path:
    """Copy a file or folder of the ESP to ``target``, a folder, and return its path there."""
    target.mkdir(parents=True, exist_ok=True)
    run_tool(parts, ["mcopy", "-n", "-s", "-i", f"{disk}@@{ESP_START}", f"::/{name}", str(target)])
    return target / Path(name).name


def run_tool(parts: Parts, argv: list[str]) -> bytes:
    """Run a program of the tools tree on files of the work folder."""
    env = {"MTOOLS_SKIP_CHECK": "1"}
    return host.run(argv, step=STEP, root=parts.tools, binds=[parts.work], env=env)


def put(disk: Path, start: int, content: bytes) -> None:
    """Write ``content`` into ``disk`` at byte ``start``."""
    with disk.open("r+b") as stream:
        stream.seek(start)
        stream.write(content)


def part_uuid(disk: Path, slot: str) -> str:
    """Return the partition UUID of a slot as GRUB and the kernel write it."""
    with disk.open("rb") as stream:
        stream.seek(2 * SECTOR + (SLOT_NUMBER[slot] - 1) * 128 + 16)
        return str(uuid.UUID(bytes_le=stream.read(16)))


def write_table(disk: Path) -> list[int]:
    """Make ``disk`` with a partition table and return where each partition starts, in bytes."""
    sizes = [mib * MIB for _kind, mib in LAYOUT]
    total = sum(sizes) + 2 * MIB
    disk.unlink(missing_ok=True)
    subprocess.run(("truncate", "-s", str(total), disk), check=True)
    starts, entries, place = [], b"", MIB
    for (kind, _mib), size in zip(LAYOUT, sizes, strict=True):
        starts.append(place)
        first, last = place // SECTOR, (place + size) // SECTOR - 1
        unique = uuid.uuid4().bytes_le
        entries += struct.pack(
            "<16s16sQQQ72s", uuid.UUID(kind).bytes_le, unique, first, last, 0, b""
        )
        place += size
    entries = entries.ljust(128 * 128, b"\0")
    last_sector = total // SECTOR - 1
    put(disk, SECTOR - 2, b"\x55\xaa")
    protective = struct.pack("<B3sB3sII", 0, b"\0\2\0", 0xEE, b"\xff\xff\xff", 1, last_sector)
    put(disk, 446, protective)
    put(disk, 2 * SECTOR, entries)
    put(disk, (last_sector - 32) * SECTOR, entries)
    header = _header(entries, 1, last_sector, 2, last_sector)
    put(disk, SECTOR, header)
    put(disk, last_sector * SECTOR, _header(entries, last_sector, 1, last_sector - 32, last_sector))
    return starts


def _header(entries: bytes, own: int, other: int, table: int, last: int) -> bytes:
    """Return a GPT header (UEFI specification 2.10, 5.3.2)."""

    def pack(checksum: int) -> bytes:
        fields = (b"EFI PART", 0x10000, 92, checksum, 0, own, other, 34, last - 33, bytes(16))
        return struct.pack("<8sIIIIQQQQ16s", *fields) + struct.pack(
            "<QIII", table, 128, 128, zlib.crc32(entries)
        )

    return pack(zlib.crc32(pack(0)))
