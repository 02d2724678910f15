"""What Python prints on standard error would stand in the middle of the screen."""

import subprocess
import sys

import pytest

FAULTS = {
    "logging": "logging.getLogger('asyncio').error('task failed')",
    "warning": "warnings.warn('old')",
    "thread": "t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()",
    "finaliser": "type('Late', (), {'__del__': lambda self: 1 / 0})()",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_reaches_the_screen(fault: str) -> None:
    code = (
        "import logging, threading, warnings\n"
        "from node_tui.ui.journal import send_faults_to_journal\n"
        f"send_faults_to_journal()\n{FAULTS[fault]}\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("", "")


def test_the_journal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from node_tui.ui import journal  # noqa: PLC0415 - patched before use

    told: list[str] = []
    monkeypatch.setattr(journal.syslog, "syslog", lambda _level, row: told.append(row))
    journal.tell("first\nsecond")
    assert told == ["first", "second"]
