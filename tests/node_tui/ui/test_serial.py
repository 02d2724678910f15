"""The console behind tmux, as on a serial line: no way past it, few bytes, no session left."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.node_tui.ui.pty_screen import ROOT, PtyScreen

CONFIG = ROOT / "image/files/usr/lib/node/tmux.conf"

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


@pytest.fixture
def serial_line(tmp_path: Path) -> Iterator[tuple[PtyScreen, list[str]]]:
    """Return a vt220 on which tmux runs the console, and the command that asks this tmux."""
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", str(CONFIG)]
    console = [sys.executable, "-m", "tests.fakes.console_process", "installed"]
    argv = [*tmux, "new-session", "--", "/usr/bin/env", "LC_ALL=C.UTF-8", *console]
    env = {"TERM": "vt220", "LC_ALL": "C", "HOME": str(tmp_path)}
    with PtyScreen(argv, env=env) as terminal:
        yield terminal, tmux
    subprocess.run([*tmux, "kill-server"], capture_output=True, check=False)


def windows(tmux: list[str]) -> list[str]:
    """Return the windows of the session."""
    listed = subprocess.run(
        [*tmux, "list-panes", "-a", "-F", "#{pane_current_command}"],
        capture_output=True,
        text=True,
        check=False,
    )
    return listed.stdout.split()


def test_no_key_reaches_tmux(serial_line: tuple[PtyScreen, list[str]]) -> None:
    terminal, tmux = serial_line
    before = terminal.wait_for("Help")
    for key in 'c:d[%&"!s$w?,.x\x1a':
        terminal.send(f"\x02{key}")
        terminal.send("\x1b")
    assert len(windows(tmux)) == 1
    terminal.send("\x1b\x1b")
    assert "python" in windows(tmux)[0]
    terminal.wait_for(lambda text: "F2/l" in text or "Esc" in text)
    terminal.send("\x1b")
    assert terminal.wait_for("F2/l Log in").splitlines()[0] == before.splitlines()[0]


def test_a_key_costs_few_bytes(serial_line: tuple[PtyScreen, list[str]]) -> None:
    terminal, _tmux = serial_line
    terminal.wait_for("Help")
    terminal.send("l")
    terminal.wait_for("Password")
    sent = len(terminal.received)
    terminal.send("\t")
    terminal.wait_for("[>Log in ]")
    assert len(terminal.received) - sent < 200


def test_a_lost_line_leaves_no_session(serial_line: tuple[PtyScreen, list[str]]) -> None:
    terminal, tmux = serial_line
    terminal.wait_for("Help")
    terminal.process.terminate()
    limit = time.monotonic() + 10
    while windows(tmux) and time.monotonic() < limit:
        terminal.pump(0.1)
    assert windows(tmux) == []


def test_the_config_starts_no_shell() -> None:
    text = CONFIG.read_text(encoding="utf-8")
    assert "prefix None" in text
    assert "default-shell /usr/bin/false" in text


def test_every_line_of_a_frame_is_drawn(serial_line: tuple[PtyScreen, list[str]]) -> None:
    """The letters are those of the terminal's line-drawing set: w is the tee at the top."""
    terminal, _tmux = serial_line
    frame = terminal.wait_for("Help").splitlines()[1]
    assert "qwq System q" in frame
