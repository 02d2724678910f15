"""The console on a real pseudo-terminal, seen through a terminal emulator."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

ROOT = Path(__file__).parents[3]
# Mode queries and reports that pyte would print as text; a real console swallows them.
_QUERIES = re.compile(rb"\x1b\[\?[0-9;]*\$p|\x1b\[[<>=][0-9;]*u")


class PtyScreen:
    """A console process and the screen it draws; ends the process on exit."""

    def __init__(
        self,
        argv: list[str],
        *,
        columns: int = 80,
        rows: int = 24,
        env: dict[str, str] | None = None,
    ) -> None:
        self.columns, self.rows = columns, rows
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.received = bytearray()
        master, slave = pty.openpty()
        self._master = master
        self._set_size(columns, rows)
        base = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8", "TZ": "UTC"}
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env={**base, **(env or {})},
            start_new_session=True,
            # The kernel sends Ctrl+C and SIGWINCH only to the processes of a controlling terminal.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(slave)

    @classmethod
    def of_scene(
        cls,
        scene: str,
        *options: str,
        columns: int = 80,
        rows: int = 24,
        env: dict[str, str] | None = None,
    ) -> Self:
        """Run the console with a fake node."""
        argv = [sys.executable, "-m", "tests.fakes.console_process", scene, *options]
        return cls(argv, columns=columns, rows=rows, env=env)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self._master)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize_silently(self, columns: int, rows: int) -> None:
        """Make the terminal say that it has this size; 0x0 is what a serial line says."""
        self._set_size(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """Change the terminal's size; the process gets SIGWINCH from the kernel."""
        self.columns, self.rows = columns, rows
        self.screen.resize(rows, columns)
        self._set_size(columns, rows)

    def send(self, keys: str | bytes) -> None:
        """Type."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def pump(self, seconds: float) -> bool:
        """Take what the process wrote within ``seconds``; say whether it wrote anything."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            chunk = os.read(self._master, 65536)
        except OSError:
            return False
        self.received += chunk
        self.stream.feed(_QUERIES.sub(b"", chunk))
        return bool(chunk)

    @property
    def text(self) -> str:
        """What is on the screen, without trailing blanks."""
        return "\n".join(row.rstrip() for row in self.screen.display)

    def wait_for(self, wanted: str | Callable[[str], bool], seconds: float = 10) -> str:
        """Return the screen once it holds ``wanted`` and has come to rest."""
        holds = wanted if callable(wanted) else lambda text: wanted in text
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            wrote = self.pump(0.1)
            if not wrote and holds(self.text):
                return self.text
            assert self.process.poll() is None, f"the console ended:\n{self.text}"
        raise AssertionError(f"{wanted!r} did not appear within {seconds} s:\n{self.text}")
