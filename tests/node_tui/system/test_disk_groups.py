"""What lies on two disks is told for both, so that erasing one is not consent for the other."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from node_tui.system import disk_groups
from node_tui.system.command import Output
from node_tui.system.disk_groups import read_volume_groups
from node_tui.system.disks import Inventory, describe_disks
from persist.errors import DependencyError

VG0 = "LVM volume group vg0 (1eaf)"


def disk(name: str, fstype: str = "", uuid: str = "", *children: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "kname": name,
        "path": f"/dev/{name}",
        "type": "disk",
        "size": 10**10,
        "serial": f"serial-{name}",
        "fstype": fstype or None,
        "uuid": uuid or None,
        "children": list(children),
    }


def part(name: str, fstype: str, uuid: str, *children: dict[str, Any]) -> dict[str, Any]:
    return {**disk(name, fstype, uuid, *children), "type": "part", "partn": int(name[-1])}


def groups(
    *rows: dict[str, Any], volume_groups: Mapping[str, str] | None = None
) -> dict[str, tuple[str, ...]]:
    seen = Inventory(lsblk={"blockdevices": list(rows)}, volume_groups=volume_groups)
    return {found.path: found.groups for found in describe_disks(seen)}


def test_a_volume_group_on_two_disks_is_told_for_both_though_nothing_of_it_is_active() -> None:
    rows = (
        disk("vda", "", "", part("vda1", "ext4", "u1"), part("vda2", "LVM2_member", "pv-1")),
        disk("vdb", "LVM2_member", "pv-2"),
        disk("vdc", "LVM2_member", "pv-3"),
        disk("vdd", "LVM2_member", "pv-4"),
    )
    known = {"vda2": VG0, "vdb": VG0, "vdc": "LVM volume group other (2)"}
    assert groups(*rows, volume_groups=known) == {
        "/dev/vda": (VG0,),
        "/dev/vdb": (VG0,),
        "/dev/vdc": (),
        "/dev/vdd": (),
    }


def test_without_lvm_all_physical_volumes_count_as_one_group() -> None:
    found = groups(disk("vda", "LVM2_member", "1"), disk("vdb", "LVM2_member", "2"))
    assert found["/dev/vda"] == found["/dev/vdb"] != ()
    assert groups(disk("vda", "LVM2_member", "1"), disk("vdb")) == {"/dev/vda": (), "/dev/vdb": ()}


@pytest.mark.parametrize("kind", ["btrfs", "linux_raid_member", "zfs_member"])
def test_members_that_bear_one_uuid_belong_together(kind: str) -> None:
    found = groups(disk("vda", kind, "u1"), disk("vdb", kind, "u1"), disk("vdc", kind, "u2"))
    assert found["/dev/vda"] == found["/dev/vdb"] == (f"{kind} (u1)",)
    assert found["/dev/vdc"] == ()


def test_two_partitions_of_one_disk_are_no_group() -> None:
    rows = disk("vda", "", "", part("vda1", "btrfs", "u1"), part("vda2", "btrfs", "u1"))
    assert groups(rows) == {"/dev/vda": ()}


def test_a_device_that_lies_on_two_disks_joins_them() -> None:
    volume = {**disk("dm-0"), "name": "vg0-root", "type": "lvm"}
    found = groups(disk("vda", "x", "1", volume), disk("vdb", "x", "2", volume))
    assert found == {"/dev/vda": ("lvm vg0-root",), "/dev/vdb": ("lvm vg0-root",)}


def test_paths_of_one_lun_are_one_disk_and_no_group() -> None:
    paths = [{**disk(name, "btrfs", "u1"), "wwn": "0x5", "serial": "S"} for name in ("sda", "sdb")]
    assert groups(*paths) == {"/dev/sda": ()}


def test_one_wwn_with_two_serial_numbers_is_two_disks() -> None:
    careless = [{**disk(name), "wwn": "0x5"} for name in ("sda", "sdb")]
    assert set(groups(*careless)) == {"/dev/sda", "/dev/sdb"}


def test_what_pvs_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    volumes = [
        {"pv_name": "/dev/vda2", "vg_name": "vg0", "vg_uuid": "1eaf"},
        {"pv_name": "[unknown]", "vg_name": "vg0", "vg_uuid": "1eaf"},
        {"pv_name": "/dev/vdd", "vg_name": "", "vg_uuid": ""},
    ]
    calls: list[Sequence[str | Path]] = []

    def told(argv: Sequence[str | Path], **_options: object) -> Output:
        calls.append(argv)
        return Output(json.dumps({"report": [{"pv": volumes}]}), "", 0)

    monkeypatch.setattr(disk_groups, "run", told)
    found = read_volume_groups()
    assert found is not None
    assert (found["vda2"], "vdd" in found) == (VG0, False)
    assert "--readonly" in calls[0]


def test_an_image_without_lvm_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_argv: object, **_options: object) -> Output:
        raise DependencyError("pvs", "The program pvs is missing from this image", "")

    monkeypatch.setattr(disk_groups, "run", missing)
    assert read_volume_groups() is None
    monkeypatch.setattr(disk_groups, "run", lambda *_a, **_o: Output("WARNING", "", 0))
    assert read_volume_groups() is None
