"""Nobody leaves the console without the right to: no key, no signal, no storm of keys."""

import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.node_tui.ui.pty_screen import ROOT, PtyScreen

SEED = int(os.environ.get("NODE_FUZZ_SEED", "20261120"))
KEYS = int(os.environ.get("NODE_FUZZ_KEYS", "500"))

_SEQUENCES = [
    *(bytes([code]) for code in range(1, 128)),
    *(f"\x1b[{letter}".encode() for letter in "ABCDHFZPQ"),
    *(f"\x1b[{number}~".encode() for number in (1, 2, 3, 4, 5, 6, *range(11, 25))),
    *(f"\x1b[[{letter}".encode() for letter in "ABCDE"),
    *(f"\x1bO{letter}".encode() for letter in "PQRSABCD"),
    *(f"\x1b{letter}".encode() for letter in "abxz129[O"),
    "\u4e2d".encode(),
    b"\xff",
    b"\x1b[<0;10;10M",
    b"\x1b[200~paste\nme\x1b[201~",
]
# Enter, arrows, Tab, Escape and the product's own keys lead deeper than random bytes do.
_LIKELY = [b"\r", b"\x1b", b"\t", b"l", b"p", b"?", b"m", b"r", b"\x1b[A", b"\x1b[B", b"right\r"]


def children_of(process: int) -> list[str]:
    """Return the process ids of all children."""
    listed = subprocess.run(
        ["ps", "--ppid", str(process), "-o", "pid="], capture_output=True, text=True, check=False
    )
    return listed.stdout.split()


@pytest.mark.parametrize("scene", ["installed", "live", "failed", "dead"])
def test_a_storm_of_keys_neither_ends_the_console_nor_starts_anything(
    scene: str, tmp_path: Path
) -> None:
    """``NODE_FUZZ_KEYS`` (for each scene) and ``NODE_FUZZ_SEED`` choose another storm."""
    chance = random.Random(f"{SEED} {scene}")  # noqa: S311 - a test's dice
    crash = tmp_path / "crash"
    crash.touch()
    with PtyScreen.of_scene(scene, env={"CRASH_FILE": str(crash)}) as terminal:
        terminal.wait_for("Help")
        for number in range(KEYS):
            terminal.send(chance.choice(_LIKELY if chance.random() < 0.4 else _SEQUENCES))
            if number % 20 == 0:
                terminal.pump(0.02)
            if number % 250 == 0:
                terminal.resize(chance.randint(1, 132), chance.randint(1, 50))
            ended = terminal.process.poll() is not None
            assert not ended, f"seed {SEED}, key {number}:\n{crash.read_text()}"
        assert children_of(terminal.process.pid) == []
        terminal.resize(80, 24)
        for _ in range(30):
            if "Help" in terminal.text or terminal.process.poll() is not None:
                break
            terminal.send("\x1b")
            with suppress(AssertionError):
                terminal.wait_for("Help", seconds=1)
        assert not crash.read_text()
        assert "Help" in terminal.text, terminal.text


def test_no_key_leaves_the_status_page_for_a_shell() -> None:
    with PtyScreen.of_scene("installed") as terminal:
        before = terminal.wait_for("Help")
        for key in "\x03\x1a\x1c\x11\x04q\x1b\x10\x18\x02\x0f":
            terminal.send(key * 3)
            terminal.send("r")
            assert terminal.wait_for("Help") == before, repr(key)


def test_signals_of_a_keyboard_do_nothing() -> None:
    with PtyScreen.of_scene("installed") as terminal:
        before = terminal.wait_for("Help")
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
            terminal.process.send_signal(number)
        terminal.send("?")
        terminal.wait_for("Keys that are valid")
        terminal.send("\x1b")
        assert terminal.wait_for(lambda text: text == before) == before


def test_power_without_a_password_stays_at_the_login() -> None:
    with PtyScreen.of_scene("installed") as terminal:
        terminal.wait_for("Help")
        terminal.send("\x1b[24~")
        terminal.wait_for("Password")
        terminal.send("\r\r")
        text = terminal.wait_for("Type the password of admin")
        assert "Reboot" not in text


def test_the_password_is_never_on_the_screen() -> None:
    with PtyScreen.of_scene("installed") as terminal:
        terminal.wait_for("Help")
        terminal.send("l")
        terminal.wait_for("Password")
        terminal.send("secret-word")
        terminal.wait_for("\u2022" * 11)
        assert b"secret-word" not in bytes(terminal.received)


def test_developer_variables_of_the_environment_open_nothing() -> None:
    env = {"TEXTUAL": "devtools,debug", "TEXTUAL_PRESS": "q", "TEXTUAL_DRIVER": "os:system"}
    with PtyScreen.of_scene("installed", env=env) as terminal:
        assert "HEALTHY" in terminal.wait_for("Help")


def test_the_console_needs_a_terminal() -> None:
    code = "from node_tui.ui.main import main; raise SystemExit(main(['--demo']))"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert ended.returncode == 1
    assert "needs a terminal" in ended.stderr


def test_the_terminal_gets_neither_mouse_nor_kitty_requests() -> None:
    with PtyScreen.of_scene("installed") as terminal:
        terminal.wait_for("Help")
        received = bytes(terminal.received)
    for request in (b"\x1b[?1000h", b"\x1b[?1003h", b"\x1b[>"):
        assert request not in received


def test_a_fault_of_ours_is_a_sentence_and_never_a_traceback_on_the_screen() -> None:
    with PtyScreen.of_scene("broken") as terminal:
        assert "a fault of ours" in terminal.wait_for("Help")
        terminal.send("l")
        terminal.wait_for("Password")
        terminal.send("secret-word\r")
        while terminal.process.poll() is None and terminal.pump(5):
            continue
        terminal.pump(0.5)
        assert b"Traceback" not in terminal.received
        assert b"secret-word" not in terminal.received
