"""The rescue console: says the reason, obeys two words, is no shell, ends by itself."""

import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.image.dracut.shell import BASE, Initramfs

RESCUE = BASE / "node-rescue"


@contextmanager
def console(initramfs: Initramfs, *, wait: int = 60) -> Iterator[int]:
    """Start the rescue console on a terminal and give the end of it that an admin sits at."""
    admin, line = os.openpty()
    (initramfs.folder / "dev/ttyS0").symlink_to(os.ttyname(line))
    (initramfs.folder / "consoles").write_text("ttyS0\n")
    initramfs.stub("systemctl", f'echo "$@" >>{initramfs.folder}/asked')
    environment = os.environ | {
        "PATH": f"{initramfs.folder}/bin:{os.environ['PATH']}",
        "DEV": f"{initramfs.folder}/dev",
        "PROC_CMDLINE": f"{initramfs.folder}/cmdline",
        "CONSOLES": f"{initramfs.folder}/consoles",
        "NODE_INITRAMFS": str(BASE),
        "WAIT": str(wait),
    }
    process = subprocess.Popen(
        ["dash", RESCUE], env=environment, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield admin
    finally:
        os.killpg(process.pid, 9)
        process.wait()
        os.close(admin)
        os.close(line)


def read_until(admin: int, text: str) -> str:
    """Return what the terminal showed up to ``text``."""
    shown = ""
    limit = time.monotonic() + 20
    while text not in shown:
        assert time.monotonic() < limit, shown
        if select.select([admin], [], [], 0.5)[0]:
            shown += os.read(admin, 4096).decode()
    return shown


def asked(initramfs: Initramfs) -> str:
    path: Path = initramfs.folder / "asked"
    limit = time.monotonic() + 20
    while not path.exists() and time.monotonic() < limit:
        time.sleep(0.02)
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("not-proven", "was started three times and never became healthy"),
        ("nothing-starts", "No system slot of this disk can be loaded"),
        ("asked", "chose this entry in the boot menu"),
    ],
)
def test_it_says_why_and_what_to_do(initramfs: Initramfs, reason: str, words: str) -> None:
    initramfs.command_line(f"node.rescue={reason}")
    with console(initramfs) as admin:
        shown = read_until(admin, "restarts in 1 minutes")
    assert "RESCUE CONSOLE" in shown
    assert words in shown
    assert "restart, poweroff" in shown


@pytest.mark.parametrize(("word", "verb"), [("poweroff", "poweroff"), ("restart", "reboot")])
def test_it_obeys_two_words(initramfs: Initramfs, word: str, verb: str) -> None:
    with console(initramfs) as admin:
        read_until(admin, "Without an answer")
        os.write(admin, f"{word}\n".encode())
        assert asked(initramfs) == f"--force --force {verb}\n"


def test_it_is_no_shell(initramfs: Initramfs) -> None:
    with console(initramfs) as admin:
        read_until(admin, "Without an answer")
        os.write(admin, b"$(touch pwned); sh\n")
        read_until(admin, "RESCUE CONSOLE")
        assert not (initramfs.folder / "asked").exists()


def test_it_listens_on_after_the_end_of_a_line(initramfs: Initramfs) -> None:
    with console(initramfs) as admin:
        read_until(admin, "Without an answer")
        os.write(admin, b"\x04")
        time.sleep(0.1)
        os.write(admin, b"poweroff\n")
        assert asked(initramfs) == "--force --force poweroff\n"


def test_it_restarts_by_itself(initramfs: Initramfs) -> None:
    with console(initramfs, wait=1):
        assert asked(initramfs) == "--force --force reboot\n"
