"""Names of disks, guests and hosts are shown, and never obeyed by the terminal."""

import os
import subprocess
import sys

import msgspec
import pytest

from node_tui.engine.operations import Operations
from persist.errors import PlanError
from plugins.api.events import Operation
from plugins.api.facts import Facts
from tests.node_tui.cli.conftest import Run
from tests.node_tui.engine.benches import Bench, some_facts

COMMAND = "import sys; from node_tui.cli.nodectl import main; sys.exit(main())"
NASTY = "\x1b]0;owned\x07\x9b2Jdisk\r\u202e\x7f"


def test_no_name_can_talk_to_the_terminal(
    bench: Bench, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.engine.read_facts = lambda: msgspec.structs.replace(some_facts(), hostname=NASTY)
    for words in (["status"], ["status", "--json"], ["facts"]):
        assert run(*words) == 0
        told = capsys.readouterr().out
        assert "disk" in told
        assert all(char == "\n" or char.isprintable() for char in told)
    run("facts", "--json")
    assert msgspec.json.decode(capsys.readouterr().out, type=Facts).hostname == NASTY


def test_neither_can_an_error(bench: Bench, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(operations: Operations, *, dry_run: bool) -> Operation:
        raise PlanError(f"no disk {NASTY}", f"Look at {NASTY}")

    bench.engine.install = refuse
    for words in (["install"], ["install", "--unattended"]):
        assert run(*words) == 3
        told = capsys.readouterr()
        assert all(char == "\n" or char.isprintable() for char in told.out + told.err)


def test_a_locale_without_the_letters_ends_nothing(bench: Bench) -> None:
    bench.engine.read_facts = lambda: msgspec.structs.replace(some_facts(), hostname="节点")
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "status", "--sockets", str(bench.folder)],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u8282" in done.stdout
