"""What lies on several disks at once: volume groups, arrays, filesystems and pools of many disks.

Erasing one of their disks takes what the others hold too, though nothing on those is written.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from node_tui.system.command import run
from persist.errors import NodeError
from persist.translation import _

log = logging.getLogger(__name__)

PHYSICAL_VOLUME = "LVM2_member"
# Their UUID is that of the whole, the same on each disk of it. A multipath member is no part of
# anything: its paths are one disk.
MEMBERS = ("btrfs", "linux_raid_member", "zfs_member", "bcache", "drbd", "isw_raid_member")
PLAIN = ("part", "disk", "mpath", "rom")


class Row(Protocol):
    """What is needed of a row of lsblk (``node_tui.system.disks.Block``)."""

    @property
    def kname(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def fstype(self) -> str | None: ...
    @property
    def label(self) -> str | None: ...
    @property
    def uuid(self) -> str | None: ...


class _Volume(Struct):
    """One physical volume of ``pvs``; ``vg_name`` is empty when it belongs to no group."""

    pv_name: str
    vg_name: str = ""
    vg_uuid: str = ""


class _Report(Struct):
    pv: tuple[_Volume, ...] = ()


class _Reports(Struct):
    report: tuple[_Report, ...] = ()


def read_volume_groups() -> Mapping[str, str] | None:
    """Return the volume group in words by the kernel name of each physical volume.

    None when LVM does not tell: it is missing from small images.
    """
    argv = ["pvs", "--readonly", "--reportformat=json", "--options=pv_name,vg_name,vg_uuid"]
    try:
        # 5: a volume of some group is missing; the rest is told all the same.
        told = run(argv, timeout=60, accept=(0, 5)).stdout
        reports = msgspec.json.decode(told, type=_Reports).report
    except (NodeError, msgspec.DecodeError) as error:
        log.warning("volume groups are not known: %s", error)
        return None
    return {
        Path(volume.pv_name).resolve().name: _("LVM volume group {name} ({uuid})").format(
            name=volume.vg_name, uuid=volume.vg_uuid
        )
        for report in reports
        for volume in report.pv
        if volume.vg_name
    }


def shared_groups(
    disks: Sequence[Iterable[Row]], volume_groups: Mapping[str, str] | None
) -> list[tuple[str, ...]]:
    """Return for each disk what lies on it and on another one too, in words.

    ``disks`` are all rows of each disk. Without ``volume_groups`` all physical volumes count as one
    group: what is not known must not be erased.
    """
    found = [_groups(rows, volume_groups) for rows in disks]
    counted = Counter(name for names in found for name in names)
    return [tuple(sorted(name for name in names if counted[name] > 1)) for names in found]


def _groups(rows: Iterable[Row], volume_groups: Mapping[str, str] | None) -> set[str]:
    names = set()
    for row in rows:
        if row.type not in PLAIN:
            names.add(f"{row.type} {row.name}")
        if row.fstype == PHYSICAL_VOLUME:
            names.add(_volume_group(row, volume_groups))
        elif row.fstype in MEMBERS and row.uuid:
            label = f" '{row.label}'" if row.label else ""
            names.add(f"{row.fstype}{label} ({row.uuid})")
    return names - {""}


def _volume_group(row: Row, volume_groups: Mapping[str, str] | None) -> str:
    if volume_groups is None:
        return _("LVM volume groups (this image cannot tell them apart)")
    return volume_groups.get(row.kname, "")
