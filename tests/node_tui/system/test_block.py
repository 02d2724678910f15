"""Block devices in sysfs: partitions of disks and of multipath maps."""

from pathlib import Path

import pytest

from node_tui.system import block
from node_tui.system.block import Device, flush, partition_device, read_device
from node_tui.system.command import Output
from persist.errors import StepError

DISK = Path("/dev/vda")


@pytest.fixture
def sysfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kernel's view of one disk with the number 254:0."""
    monkeypatch.setattr(block, "SYSFS", tmp_path)
    monkeypatch.setattr(block, "read_device", lambda path: Device(path, 1, 512, "254:0"))
    (tmp_path / "254:0").mkdir()
    return tmp_path / "254:0"


def test_a_partition_is_found_by_number_and_not_by_name(sysfs: Path) -> None:
    for name, number in (("vda10", "10"), ("vda1", "1")):
        (sysfs / name).mkdir()
        (sysfs / name / "partition").write_text(f"{number}\n")
    assert partition_device(DISK, 1) == Path("/dev/vda1")
    assert partition_device(DISK, 10) == Path("/dev/vda10")


def test_a_partition_of_a_multipath_map(sysfs: Path) -> None:
    for name, uuid in (("dm-3", "part3-mpath-360050768"), ("dm-9", "part13-mpath-360050768")):
        (sysfs / "holders" / name / "dm").mkdir(parents=True)
        (sysfs / "holders" / name / "dm/uuid").write_text(f"{uuid}\n")
    assert partition_device(DISK, 3) == Path("/dev/dm-3")


def test_a_partition_that_the_kernel_does_not_show(sysfs: Path) -> None:
    with pytest.raises(StepError, match="shows no partition 3 on /dev/vda"):
        partition_device(DISK, 3)


def test_a_file_is_no_block_device(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StepError, match="is not a block device"):
        read_device(tmp_path / "file")


def test_a_device_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="cannot be opened: No such file"):
        read_device(tmp_path / "gone")


@pytest.mark.parametrize("code", [0, 1])
def test_a_busy_udev_stops_nothing(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    accepted: list[object] = []

    def run(_argv: object, **options: object) -> Output:
        accepted.append(options["accept"])
        return Output("", "Timed out", code)

    monkeypatch.setattr(block, "run", run)
    block.settle()
    assert accepted == [(0, 1)]


def test_a_disk_that_does_not_take_what_was_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="gone did not take everything that was written: No such"):
        flush(tmp_path / "gone")
    (tmp_path / "file").touch()
    with pytest.raises(StepError, match="did not take everything that was written"):
        flush(tmp_path / "file")
