"""Looking at one disk: what cannot be read is told, and is no reason to refuse the others."""

from pathlib import Path

import pytest

from node_tui.system import disk_probe
from node_tui.system.command import Output
from node_tui.system.disk_probe import Probe, probe_disk
from node_tui.system.disks import Inventory, describe_disks
from persist.errors import StepError


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


def test_such_a_disk_is_never_empty() -> None:
    row = {"name": "sda", "kname": "sda", "path": "/dev/sda", "type": "disk", "size": 10**10}
    probes = {"/dev/sda": Probe(is_blank=False, problem="Input/output error")}
    (disk,) = describe_disks(Inventory(lsblk={"blockdevices": [row]}, probes=probes))
    assert (disk.owner, disk.problem) == ("foreign", "Input/output error")
    assert disk.contents == ("cannot be read: Input/output error",)
