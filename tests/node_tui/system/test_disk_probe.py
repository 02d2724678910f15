"""Looking at one disk: what cannot be read is told, and is no reason to refuse the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from node_tui.plan.boot_state import fresh_state
from node_tui.plan.layout import BIOS_TYPE, CONFIG_TYPE, ESP_TYPE, SLOT_TYPE
from node_tui.system import boot_state, disk_probe
from node_tui.system.command import Output
from node_tui.system.disk_probe import Probe, probe_disk
from node_tui.system.disks import Inventory, describe_disks
from node_tui.system.gpt import Entry
from persist.errors import StepError

TYPES = (ESP_TYPE, BIOS_TYPE, SLOT_TYPE, SLOT_TYPE, CONFIG_TYPE)


def sick(_disk: Path) -> object:
    raise OSError(5, "Input/output error")


def busy(*_argv: object, **_options: object) -> Output:
    raise StepError("wipefs failed: exit code 1", "/dev/sda: probing failed")


def test_a_disk_that_cannot_be_read_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_probe, "run", busy)
    assert probe_disk(Path("/dev/sda"), 512).problem == "wipefs failed: exit code 1"
    monkeypatch.setattr(disk_probe, "run", lambda *_argv, **_options: Output("", "", 0))
    monkeypatch.setattr(disk_probe, "read_device", sick)
    assert probe_disk(Path("/dev/sda"), 512).problem == "Input/output error"


@pytest.mark.parametrize(
    ("fstype", "signatures", "owner"),
    [
        (None, ("gpt",), "node"),
        ("ext4", ("gpt",), "foreign"),
        (None, ("gpt", "ext4"), "foreign"),
    ],
)
def test_a_filesystem_over_the_backup_of_our_table_is_foreign(
    fstype: str | None, signatures: tuple[str, ...], owner: str
) -> None:
    row = {"name": "sda", "kname": "sda", "path": "/dev/sda", "type": "disk", "size": 10**10}
    probe = Probe(is_blank=False, signatures=signatures, begun_types=TYPES, generation=0)
    seen = Inventory(
        lsblk={"blockdevices": [{**row, "fstype": fstype}]}, probes={"/dev/sda": probe}
    )
    (disk,) = describe_disks(seen)
    assert disk.owner == owner


def test_such_a_disk_is_never_empty() -> None:
    row = {"name": "sda", "kname": "sda", "path": "/dev/sda", "type": "disk", "size": 10**10}
    probes = {"/dev/sda": Probe(is_blank=False, problem="Input/output error")}
    (disk,) = describe_disks(Inventory(lsblk={"blockdevices": [row]}, probes=probes))
    assert (disk.owner, disk.problem) == ("foreign", "Input/output error")
    assert disk.contents == ("cannot be read: Input/output error",)


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A disk with a table of ours; its filesystems are the folders ``vfat`` and ``ext4``."""
    entries = tuple(
        Entry(number, kind, f"uuid-{number}", "", number * 2**20, 2**20)
        for number, kind in enumerate(TYPES, start=1)
    )

    class Folders:
        def __init__(self, _base: Path) -> None: ...

        @contextmanager
        def mounted(self, _disk: Path, kind: str, options: str) -> Iterator[Path]:
            assert {"ro", "loop"} <= set(options.split(","))
            if not (tmp_path / kind).is_dir():
                raise StepError(f"no {kind}")
            yield tmp_path / kind

    monkeypatch.setattr(disk_probe, "Mounts", Folders)
    monkeypatch.setattr(disk_probe, "_read_signatures", lambda _disk: ("gpt", "PMBR"))
    monkeypatch.setattr(disk_probe, "_is_blank", lambda *_disk, **_options: False)
    monkeypatch.setattr(disk_probe, "read_begun", lambda *_disk: entries)
    (tmp_path / "ext4/a").mkdir(parents=True)
    (tmp_path / "vfat/grub").mkdir(parents=True)
    return tmp_path


def generation(node: Path, *numbers: int) -> int | None:
    for number in numbers:
        (node / f"ext4/a/{number:06d}.tar").touch()
    return probe_disk(Path("/dev/vda"), 512).generation


def test_a_cut_before_the_boot_state_leaves_a_disk_that_installs_again(node: Path) -> None:
    assert generation(node) == 0
    assert generation(node, 1) == 0
    boot_state.create(node / "vfat/grub", fresh_state("A"))
    assert generation(node, 1) == 1


def test_a_node_that_ran_is_one_whatever_became_of_its_boot_state(node: Path) -> None:
    assert generation(node, 1, 2) == 2


def test_an_esp_that_cannot_be_read_proves_nothing(node: Path) -> None:
    (node / "vfat/grub").rmdir()
    (node / "vfat").rmdir()
    assert generation(node, 1) == 1


def test_a_config_that_cannot_be_read_is_told(node: Path) -> None:
    (node / "ext4/a").rmdir()
    (node / "ext4").rmdir()
    assert generation(node) == disk_probe.UNREADABLE
