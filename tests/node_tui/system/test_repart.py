"""What systemd-repart is told (golden files), and what it answers."""

from pathlib import Path

import pytest

from node_tui.plan.layout import ESP_TYPE, GIB, Layout, lay_out
from node_tui.system import repart
from node_tui.system.block import Device
from node_tui.system.command import Output
from node_tui.system.gpt import Entry
from node_tui.system.repart import Repart, render_definitions, write_definitions
from persist.errors import StepError

EXPECTED = Path(__file__).parent / "repart.d"


def layout(sector_size: int = 512) -> Layout:
    return lay_out(
        disk_size=20 * GIB, sector_size=sector_size, image_size=140 * 10**6, memory=2 * GIB
    )


def test_definitions() -> None:
    expected = {path.name: path.read_text() for path in EXPECTED.iterdir()}
    assert dict(render_definitions(layout())) == expected


def test_definitions_of_an_earlier_layout_do_not_stay(tmp_path: Path) -> None:
    (tmp_path / "99-other.conf").write_text("[Partition]\nType=home\n")
    write_definitions(tmp_path, layout())
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(render_definitions(layout()))


class Told:
    """Stands for the program: notes how it was called."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.calls: list[list[str]] = []

    def __call__(self, argv: list[str], **_options: object) -> Output:
        self.calls.append([str(word) for word in argv])
        return Output(self.answer, "", 0)


def test_the_preview_never_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told('[{"label":"ESP","raw_size":134217728,"activity":"create","node":"x"}]')
    monkeypatch.setattr(repart, "run", told)
    assert Repart(tmp_path / "d").preview("/dev/vda", layout()) == (("ESP", 134217728),)
    (argv,) = told.calls
    assert "--dry-run=yes" in argv
    assert "--empty=force" in argv
    assert "--empty=create" not in argv
    assert argv[-1] == "/dev/vda"


def test_an_answer_that_is_no_json_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repart, "run", Told("Refusing to repartition"))
    with pytest.raises(StepError, match="something unexpected") as caught:
        Repart(tmp_path / "d").preview("/dev/vda", layout())
    assert caught.value.hint == "Refusing to repartition"


@pytest.mark.parametrize("shown", [2**27, 2**26])
def test_a_partition_that_the_kernel_remembers_from_before_is_refused(
    shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = Entry(1, ESP_TYPE, "uuid-1", "ESP", 2**20, 2**27)
    sizes = {"vda": 20 * GIB, "vda1": shown}
    monkeypatch.setattr(repart, "read_device", lambda path: Device(path, sizes[path.name], 512, ""))
    flushed: list[Path] = []
    monkeypatch.setattr(repart, "flush", flushed.append)

    def read_table(disk: Path, _sector_size: int) -> tuple[Entry, ...]:
        assert flushed == [disk], "this comes from memory"
        return (entry,)

    monkeypatch.setattr(repart, "read_table", read_table)
    monkeypatch.setattr(repart, "partition_device", lambda *_part: Path("/dev/vda1"))
    if shown == entry.size:
        assert [made.size for made in Repart().read("/dev/vda")] == [2**27]
        return
    with pytest.raises(StepError, match="/dev/vda1 has 64 MiB, the table of /dev/vda says 128 MiB"):
        Repart().read("/dev/vda")
