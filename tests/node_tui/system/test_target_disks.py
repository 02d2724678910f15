"""Releasing a disk: what lies on it is stopped from the top, its members lose their signatures."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from node_tui.system import target_disks
from node_tui.system.command import Output
from node_tui.system.disks import Block, Inventory, whole_disks
from node_tui.system.target_disks import TargetDisks
from persist.errors import StepError

MACHINES = Path(__file__).parent / "inventories"


class Commands:
    """Notes what would be run."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, argv: Sequence[str | Path], **_options: object) -> Output:
        self.lines.append(" ".join(str(word) for word in argv))
        return Output("", "", 0)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Nothing is run and no udev is waited for."""
    noted = Commands()
    monkeypatch.setattr(target_disks, "run", noted)
    monkeypatch.setattr(target_disks, "settle", lambda: None)
    return noted


def machine(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    seen = msgspec.json.decode((MACHINES / f"{name}.json").read_bytes(), type=Inventory)
    monkeypatch.setattr(target_disks, "list_disks", lambda: whole_disks(seen))


def test_volumes_go_before_the_partition_they_lie_on(
    monkeypatch: pytest.MonkeyPatch, commands: Commands
) -> None:
    machine(monkeypatch, "sata-nvme-usb")
    TargetDisks().release("/dev/sda")
    assert commands.lines == [
        "dmsetup remove --retry -- vg0-root",
        "wipefs --all --quiet -- /dev/sda3",
        "wipefs --all --quiet -- /dev/sda",
    ]


def test_nothing_of_another_disk_is_touched(
    monkeypatch: pytest.MonkeyPatch, commands: Commands
) -> None:
    machine(monkeypatch, "sata-nvme-usb")
    TargetDisks().release("/dev/sdb")
    assert commands.lines == ["wipefs --all --quiet -- /dev/sdb"]


def test_config_of_a_half_made_node_stays_readable(
    monkeypatch: pytest.MonkeyPatch, commands: Commands
) -> None:
    machine(monkeypatch, "virtio-vm")
    TargetDisks().release("/dev/vdc")
    assert commands.lines == ["wipefs --all --quiet -- /dev/vdc"]


def test_an_array_is_stopped_through_the_kernel(
    monkeypatch: pytest.MonkeyPatch, commands: Commands, tmp_path: Path
) -> None:
    machine(monkeypatch, "sas-multipath")
    state = tmp_path / "md127/md/array_state"
    state.parent.mkdir(parents=True)
    state.write_text("clean")
    monkeypatch.setattr(target_disks, "SYSFS", tmp_path)
    TargetDisks().release("/dev/sdf")
    assert state.read_text() == "clear"
    assert commands.lines == ["wipefs --all --quiet -- /dev/sdf"] * 2


def test_what_cannot_be_stopped_is_named(
    monkeypatch: pytest.MonkeyPatch, commands: Commands
) -> None:
    holder = Block(name="bcache0", kname="bcache0", path="/dev/bcache0", type="bcache")
    disk = Block(name="sda", kname="sda", path="/dev/sda", type="disk", children=(holder,))
    monkeypatch.setattr(target_disks, "list_disks", lambda: (disk,))
    with pytest.raises(StepError, match=r"bcache0 \(bcache\) uses the disk"):
        TargetDisks().release("/dev/sda")
    assert commands.lines == []


def test_a_disk_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_disks, "examine_disks", lambda _path: ())
    with pytest.raises(StepError, match="/dev/sda is gone"):
        TargetDisks().examine("/dev/sda")
