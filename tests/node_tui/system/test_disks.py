"""Disks of three recorded machines become rows with identity, contents and owner."""

import json
from pathlib import Path

import msgspec
import pytest

from node_tui.system.disks import Inventory, describe_disks, with_contents
from persist.errors import StepError
from plugins.api.facts import Disk

MACHINES = Path(__file__).parent / "inventories"
NAMES = ("virtio-vm", "sata-nvme-usb", "sas-multipath")


def disks_of(machine: str) -> dict[str, Disk]:
    seen = msgspec.json.decode((MACHINES / f"{machine}.json").read_bytes(), type=Inventory)
    return {disk.path.rpartition("/")[2]: disk for disk in describe_disks(seen)}


@pytest.mark.parametrize("machine", NAMES)
def test_recorded_machine(machine: str) -> None:
    rows = json.loads(msgspec.json.encode(tuple(disks_of(machine).values())))
    assert rows == json.loads((MACHINES / f"{machine}.expected.json").read_text())


def test_owners_of_a_virtual_machine() -> None:
    owners = {name: disk.owner for name, disk in disks_of("virtio-vm").items()}
    assert owners == {
        "sr0": "boot-medium",
        "vda": "empty",
        "vdb": "foreign",
        "vdc": "node",
        "vdd": "foreign",
        "vde": "empty",
        "vdf": "node",
        "vdg": "mounted",
    }


def test_data_without_a_signature_is_foreign() -> None:
    assert disks_of("virtio-vm")["vdd"].contents == ("unknown data (no signature that is known)",)


def test_an_install_cut_while_the_table_was_written_is_ours() -> None:
    torn = disks_of("virtio-vm")["vdf"]
    assert torn.contents == ("an installation of a node that was cut short",)


def test_an_installed_node_is_known_by_its_generation() -> None:
    assert disks_of("virtio-vm")["vdc"].node_generation == 3


def test_the_stick_we_booted_from_is_the_boot_medium_and_an_empty_reader_no_disk() -> None:
    disks = disks_of("sata-nvme-usb")
    assert disks["sdc"].owner == "boot-medium"
    assert "sdd" not in disks


def test_paths_of_one_lun_are_one_row_with_and_without_multipathd() -> None:
    disks = disks_of("sas-multipath")
    assert set(disks) == {"mpatha", "sdc", "sde", "sdf", "sdg", "sdh"}
    assert disks["mpatha"].paths == ("/dev/sda", "/dev/sdb", "/dev/mapper/mpatha")
    assert disks["sdc"].paths == ("/dev/sdc", "/dev/sdd")


def test_luns_that_share_the_short_wwn_stay_apart() -> None:
    disks = disks_of("sas-multipath")
    assert disks["mpatha"].wwn.endswith("0") != disks["sdc"].wwn.endswith("0")


def test_output_of_a_strange_lsblk_is_an_error_with_a_remedy() -> None:
    with pytest.raises(StepError, match="lsblk told something unexpected"):
        describe_disks(Inventory(lsblk={"blockdevices": [{"name": 1}]}))


def test_the_boot_areas_of_an_emmc_are_no_disks() -> None:
    names = ("mmcblk0", "mmcblk0boot0", "mmcblk0boot1")
    rows = [
        {"name": name, "kname": name, "path": f"/dev/{name}", "type": "disk", "size": 2**22}
        for name in names
    ]
    (disk,) = describe_disks(Inventory(lsblk={"blockdevices": rows}))
    assert (disk.path, disk.bus) == ("/dev/mmcblk0", "mmc")


def test_what_is_read_from_the_disk_wins_over_what_udev_remembers() -> None:
    remembered = {"path": "/dev/sda", "serial": "S1", "fstype": "ext4", "children": [{"path": "x"}]}
    read = {"path": "/dev/sda", "fstype": None, "children": [{"path": "x", "partn": 1}]}
    (row,) = with_contents({"blockdevices": [remembered]}, {"blockdevices": [read]})["blockdevices"]
    assert (row["serial"], row["fstype"], row["children"][0]["partn"]) == ("S1", None, 1)
