"""Kernel modules and firmware: what the list names stays, with what it needs."""

import struct
from pathlib import Path

import pytest

from image.build.modules import (
    bare,
    drop_repeated_microcode,
    kept_modules,
    kernel_version,
    microcode_updates,
    read_dependencies,
    read_patterns,
    select,
    unmatched,
)
from image.build.slim import read_list
from persist.errors import NodeError, StepError

DEPENDENCIES = """\
kernel/drivers/scsi/sd_mod.ko.xz: kernel/drivers/scsi/scsi_mod.ko.xz kernel/lib/crc.ko.xz
kernel/drivers/scsi/scsi_mod.ko.xz:
kernel/lib/crc.ko.xz:
kernel/sound/pci/snd-x.ko.xz: kernel/sound/core/snd.ko.xz
kernel/sound/core/snd.ko.xz:
"""


def test_a_module_stays_with_all_it_needs() -> None:
    kept = kept_modules(read_dependencies(DEPENDENCIES), ["drivers/scsi/sd_*"])
    assert {bare(path) for path in kept} == {
        "drivers/scsi/sd_mod",
        "drivers/scsi/scsi_mod",
        "lib/crc",
    }


def test_the_last_pattern_that_matches_decides() -> None:
    names = ["a/x", "a/y", "a/sub/z", "b/x"]
    assert select(names, ["a/*", "-a/sub/*"]) == {"a/x", "a/y"}
    assert select(names, ["a/*", "-a/*", "a/y"]) == {"a/y"}
    assert select(names, ["*", "-b/*"]) == {"a/x", "a/y", "a/sub/z"}


def test_headings_and_comments_are_no_patterns() -> None:
    text = "# words\n[storage: disks]\ndrivers/a  # why\n\n-drivers/b\n"
    assert read_patterns(text) == ("drivers/a", "-drivers/b")


def test_a_recipe_leaves_out_a_group_by_its_heading() -> None:
    text = "[storage]\ndrivers/a\n[network: RDMA]\ndrivers/b\n"
    assert read_patterns(text, ["network: RDMA"]) == ("drivers/a",)
    with pytest.raises(NodeError, match="no group of modules RDMA"):
        read_patterns(text, ["RDMA"])


def test_a_misspelt_pattern_is_found() -> None:
    assert unmatched(["a/x"], ["a/*", "c/*", "-d"]) == ["c/*", "-d"]


@pytest.mark.parametrize(
    "driver",
    [
        *("nvme/host/nvme", "ata/ahci", "scsi/megaraid/megaraid_sas", "scsi/mpt3sas/mpt3sas"),
        *("scsi/smartpqi/smartpqi", "scsi/hpsa", "scsi/qla2xxx/qla2xxx", "scsi/lpfc/lpfc"),
        *("net/ethernet/intel/ixgbe/ixgbe", "net/ethernet/intel/i40e/i40e"),
        *("net/ethernet/intel/ice/ice", "net/ethernet/broadcom/bnxt/bnxt_en"),
        *("net/ethernet/broadcom/bnx2x/bnx2x", "net/ethernet/mellanox/mlx5/core/mlx5_core"),
        *("net/ethernet/broadcom/tg3", "vfio/pci/vfio-pci", "virtio/virtio_pci", "net/virtio_net"),
    ],
)
def test_the_promised_driver_families_are_on_the_list(driver: str) -> None:
    assert select([f"drivers/{driver}"], read_list("kernel-modules"))


def test_two_kernels_are_an_error(tmp_path: Path) -> None:
    for version in ("6.12.1-amd64", "6.13.0-amd64"):
        (tmp_path / "usr/lib/modules" / version).mkdir(parents=True)
    with pytest.raises(StepError, match=r"2 kernels: 6\.12\.1-amd64, 6\.13\.0-amd64"):
        kernel_version(tmp_path)


def test_microcode_that_repeats_itself_is_kept_once(tmp_path: Path) -> None:
    folder = tmp_path / "usr/lib/firmware/intel-ucode"
    folder.mkdir(parents=True)
    for name, content in {"06-8f-04": b"A", "06-8f-05": b"A", "06-cf-02": b"B"}.items():
        (folder / name).write_bytes(content)
    drop_repeated_microcode(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["06-8f-04", "06-cf-02"]


def microcode(size: int, mark: bytes) -> bytes:
    """Return one update in Intel's form, filled with ``mark``."""
    head = struct.pack("<IIIIIIIII", 1, 0, 0, 0, 0, 1, 0, size - 48, size)
    return head + mark * (size - len(head))


def test_a_file_whose_updates_are_in_another_one_goes(tmp_path: Path) -> None:
    folder = tmp_path / "usr/lib/firmware/intel-ucode"
    folder.mkdir(parents=True)
    first, second = microcode(64, b"1"), microcode(80, b"2")
    contents = {"a": second, "b": first + second, "c": microcode(64, b"3"), "d": b"\1" * 10}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    drop_repeated_microcode(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["b", "c", "d"]
    assert microcode_updates(first + second) == [first, second]
    assert microcode_updates(first + b"\1") == [first + b"\1"]
