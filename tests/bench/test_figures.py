"""Measures print and keep what they found."""

import json
from pathlib import Path

import pytest

from tests.bench import __main__ as command
from tests.bench import figures
from tests.bench.figures import Figure, report


def test_figures_are_printed_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(figures, "KEPT", tmp_path)
    report("image", [Figure("node.iso", 149_000_000, "bytes"), Figure("install", 41.5, "s", "TCG")])
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["node.iso", "149,000,000", "bytes"]
    assert printed[1].split() == ["install", "41.50", "s", "TCG"]
    kept = json.loads((tmp_path / "image.json").read_text())
    assert kept[1] == {"name": "install", "value": 41.5, "unit": "s", "where": "TCG"}


def test_an_unknown_measure_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["speed"]) == 2
    assert "no measure speed; there are: boot, engine, image" in capsys.readouterr().err
