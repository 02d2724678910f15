"""Partition tables, whole and torn, on images made by sfdisk."""

import shutil
import subprocess
from pathlib import Path

import pytest

from node_tui.plan.layout import ORDER_WITHOUT_SWAP, is_begun_by_us, is_ours
from node_tui.system.gpt import read_begun, read_table
from persist.errors import VerificationError

MIB = 2**20
SECTOR = 512


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A disk with our table, 1 MiB a partition, made by somebody else's program."""
    if shutil.which("sfdisk") is None:
        pytest.skip("sfdisk is missing; apt-get install fdisk")
    path = tmp_path / "disk.img"
    with path.open("wb") as file:
        file.truncate(32 * MIB)
    rows = [f'size=1MiB,type={kind},name="P{n}"' for n, kind in enumerate(ORDER_WITHOUT_SWAP, 1)]
    script = "label: gpt\n" + "\n".join(rows) + "\n"
    subprocess.run(["sfdisk", "--quiet", path], input=script, text=True, check=True)
    return path


def damage(path: Path, offset: int, count: int = SECTOR) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(bytes(count))


def types(path: Path) -> tuple[str, ...]:
    return tuple(entry.type for entry in read_begun(path, SECTOR))


def test_a_whole_table(disk: Path) -> None:
    entries = read_table(disk, SECTOR)
    assert is_ours(tuple(entry.type for entry in entries))
    assert [(entry.number, entry.label) for entry in entries[:2]] == [(1, "P1"), (2, "P2")]
    assert (entries[0].start, entries[0].size) == (1 * MIB, 1 * MIB)


def test_uuids_are_those_that_the_kernel_shows(disk: Path) -> None:
    told = subprocess.run(
        ["sfdisk", "--part-uuid", disk, "3"], capture_output=True, text=True, check=True
    )
    assert read_table(disk, SECTOR)[2].uuid == told.stdout.strip().lower()


@pytest.mark.parametrize("offset", [SECTOR + 16, 2 * SECTOR + 32])
def test_a_wrong_checksum_is_no_table(disk: Path, offset: int) -> None:
    damage(disk, offset, 4)
    with pytest.raises(VerificationError, match="has no valid partition table"):
        read_table(disk, SECTOR)


def test_an_empty_disk_has_no_table(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(bytes(MIB))
    assert read_begun(tmp_path / "disk", SECTOR) == ()
    with pytest.raises(VerificationError):
        read_table(tmp_path / "disk", SECTOR)


def test_the_backup_alone_is_enough_to_know_it(disk: Path) -> None:
    damage(disk, 0, 64 * SECTOR)
    assert is_ours(types(disk))


def test_entries_without_any_header_are_enough_to_know_it(disk: Path) -> None:
    damage(disk, 0, 2 * SECTOR)
    damage(disk, 32 * MIB - SECTOR)
    assert is_begun_by_us(types(disk))


@pytest.mark.parametrize(("sectors", "ours"), [(1, True), (0, False)])
def test_only_the_first_entries_were_written(disk: Path, sectors: int, *, ours: bool) -> None:
    damage(disk, 0, 2 * SECTOR)
    damage(disk, (2 + sectors) * SECTOR, 40 * SECTOR)
    damage(disk, 32 * MIB - 64 * SECTOR, 64 * SECTOR)
    assert is_begun_by_us(types(disk)) is ours


def test_random_bytes_are_no_table(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    path.write_bytes(bytes(range(1, 252)) * 4096)
    assert not is_begun_by_us(types(path))
