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
from plugins.api.facts import Disk

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
    assert commands.lines == ["wipefs --all --quiet -- /dev/sdf"]


def test_a_volume_on_two_partitions_is_removed_once(
    monkeypatch: pytest.MonkeyPatch, commands: Commands
) -> None:
    crypt = Block(name="luks", kname="dm-1", path="/dev/mapper/luks", type="crypt")
    volume = Block(
        name="vg0-a", kname="dm-0", path="/dev/mapper/vg0-a", type="lvm", children=(crypt,)
    )
    parts = tuple(
        Block(
            name=name,
            kname=name,
            path=f"/dev/{name}",
            type="part",
            fstype="LVM2_member",
            children=(volume,),
        )
        for name in ("sda1", "sda2")
    )
    disk = Block(name="sda", kname="sda", path="/dev/sda", type="disk", children=parts)
    monkeypatch.setattr(target_disks, "list_disks", lambda: (disk,))
    TargetDisks().release("/dev/sda")
    assert commands.lines == [
        "dmsetup remove --retry -- luks",
        "dmsetup remove --retry -- vg0-a",
        "wipefs --all --quiet -- /dev/sda1",
        "wipefs --all --quiet -- /dev/sda2",
        "wipefs --all --quiet -- /dev/sda",
    ]


def test_a_disk_that_is_no_longer_listed_is_not_written(
    monkeypatch: pytest.MonkeyPatch, commands: Commands
) -> None:
    monkeypatch.setattr(target_disks, "list_disks", lambda: ())
    with pytest.raises(StepError, match="/dev/sda is gone"):
        TargetDisks().release("/dev/sda")
    assert commands.lines == []


def test_an_array_that_is_in_use_is_named(
    monkeypatch: pytest.MonkeyPatch, commands: Commands, tmp_path: Path
) -> None:
    machine(monkeypatch, "sas-multipath")
    monkeypatch.setattr(target_disks, "SYSFS", tmp_path)
    with pytest.raises(StepError, match="The array md127 cannot be stopped"):
        TargetDisks().release("/dev/sdf")
    assert commands.lines == []


def test_the_disk_stays_open_until_it_is_flushed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "sda"
    path.touch()

    def holders() -> int:
        return sum(
            link.exists() and link.samefile(path) for link in Path("/proc/self/fd").iterdir()
        )

    monkeypatch.setattr(
        target_disks, "examine_disks", lambda path: (Disk(path=path, size=1, owner="empty"),)
    )
    monkeypatch.setattr(target_disks, "flush", lambda _path: None)
    disks = TargetDisks()
    disks.examine(str(path))
    disks.examine(str(path))
    assert holders() == 1
    disks.flush(str(path))
    assert holders() == 0
    disks.examine(str(path))
    del disks
    assert holders() == 0


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
    def missing(*_asked: object) -> int:
        raise FileNotFoundError

    monkeypatch.setattr(target_disks, "examine_disks", lambda _path: ())
    with pytest.raises(StepError, match="/dev/null is gone"):
        TargetDisks().examine("/dev/null")
    monkeypatch.setattr(target_disks.os, "open", missing)
    with pytest.raises(StepError, match="/dev/sda is gone"):
        TargetDisks().examine("/dev/sda")
