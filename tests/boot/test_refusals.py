"""Installations that must not happen, one boot each."""

from pathlib import Path

import pytest

from tests.boot.harness.disks import GIB, write_bytes
from tests.boot.refusals import assert_refused

pytestmark = pytest.mark.boot_long
EXT_MAGIC = (1024 + 56, b"\x53\xef")


def foreign(disk: Path) -> None:
    """Put the superblock of somebody's ext4 on the disk: enough for every prober to see it."""
    superblock = bytearray(1024)
    superblock[0:4] = (65536).to_bytes(4, "little")  # inodes
    superblock[4:8] = (262144).to_bytes(4, "little")  # blocks
    superblock[24:28] = (2).to_bytes(4, "little")  # 4096-byte blocks
    superblock[56:58] = b"\x53\xef"
    superblock[76:80] = (1).to_bytes(4, "little")  # dynamic revision
    superblock[88:90] = (256).to_bytes(2, "little")  # inode size
    superblock[96:100] = (0x42).to_bytes(4, "little")  # extents
    superblock[104:120] = bytes(range(16))  # UUID
    superblock[120:127] = b"payroll"  # label
    write_bytes(disk, 1024, bytes(superblock))


def test_a_selector_that_matches_two_disks(qemu: None, dist: Path, logs: Path) -> None:
    assert_refused(
        dist, logs / "two-disks", "SYSTEM1(.|\n)*SYSTEM2",
        selector="bus=virtio", sizes=(20 * GIB, 20 * GIB),
    )  # fmt: skip


def test_bare_storage_init_with_two_disks(qemu: None, dist: Path, logs: Path) -> None:
    assert_refused(
        dist, logs / "bare-two-disks", "SYSTEM1(.|\n)*SYSTEM2",
        selector="", sizes=(20 * GIB, 20 * GIB),
    )  # fmt: skip


def test_foreign_data_without_consent(qemu: None, dist: Path, logs: Path) -> None:
    assert_refused(dist, logs / "foreign", "payroll|ext4", selector="/dev/vda", prepare=foreign)


def test_a_disk_that_is_too_small(qemu: None, dist: Path, logs: Path) -> None:
    assert_refused(
        dist, logs / "too-small", r"(?i)small|at least", selector="/dev/vda", sizes=(GIB,)
    )


def test_the_boot_medium_itself(qemu: None, dist: Path, logs: Path) -> None:
    assert_refused(dist, logs / "boot-medium", r"(?i)medium|read-only", selector="/dev/sr0")
