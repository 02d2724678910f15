"""Mounting for a moment: nothing stays mounted, not even what a killed process left behind."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from node_tui.system import mounts
from node_tui.system.command import Output
from node_tui.system.mounts import Mounts
from persist.errors import StepError

DEVICE = Path("/dev/vda5")


class Commands:
    """Notes what would be run; ``broken`` begins the command that fails."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.broken = "none"

    def __call__(self, argv: Sequence[str | Path], **_options: object) -> Output:
        line = " ".join(str(word) for word in argv)
        self.lines.append(line)
        if line.startswith(self.broken):
            raise StepError(f"{line} failed")
        return Output("", "", 0)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    noted = Commands()
    monkeypatch.setattr(mounts, "run", noted)
    return noted


def test_mounted_and_unmounted(commands: Commands, tmp_path: Path) -> None:
    place = tmp_path / "base/vda5"
    with Mounts(tmp_path / "base").mounted(DEVICE, "ext4", "ro") as found:
        assert found == place
    assert commands.lines == [
        f"mount --types=ext4 --options=ro --source /dev/vda5 --target {place}",
        f"umount {place}",
    ]
    assert not place.exists()


def test_the_first_failure_is_told_and_nothing_stays(commands: Commands, tmp_path: Path) -> None:
    commands.broken = "umount /"
    with pytest.raises(StepError, match="disk full"), Mounts(tmp_path).mounted(DEVICE, "ext4"):
        raise StepError("disk full")
    assert commands.lines[-1] == f"umount --lazy {tmp_path / 'vda5'}"


def test_what_a_killed_process_left_is_unmounted(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "is_mount", lambda path: path.name == "vda5")
    for name in ("vda5", "vda3"):
        (tmp_path / name).mkdir()
    Mounts(tmp_path).sweep()
    assert commands.lines == [f"umount {tmp_path / 'vda5'}"]
    Mounts(tmp_path / "never").sweep()


def test_what_somebody_uses_stays_mounted(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "is_mount", lambda _path: True)
    with Mounts(tmp_path).mounted(DEVICE, "ext4"):
        Mounts(tmp_path).sweep()
        assert [line.split()[0] for line in commands.lines] == ["mount"]
