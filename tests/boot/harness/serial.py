"""The serial line of a machine: read by a thread, searched by expect, rendered as a screen."""

import re
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pyte

TAIL_LINES = 40
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\)"  # OSC, DCS and the like, up to their terminator
    r"|\x1b[ -/]*[0-~]"  # everything else of two bytes or with an intermediate
    r"|[\x00\x07\x08\x0e\x0f]|\r(?=\n)",
    re.DOTALL,
)


class ConsoleTimeoutError(AssertionError):
    """What was waited for did not come; the message ends with the tail of the console."""


def plain_text(raw: str) -> str:
    """Return what a line printer would have shown: no escape sequences, no bells."""
    return _ESCAPES.sub("", raw)


class SerialLine:
    """A terminal of 80x24 on a Unix socket.

    ``transcript`` is everything received so far without escape sequences; ``screen()`` is what a
    person would see now.
    """

    def __init__(self, path: Path) -> None:
        """Connect and start to read; bytes sent before this moment are lost, so connect early."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._changed = threading.Condition()
        self._raw = bytearray()
        self._searched = 0
        self._display = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._display)
        self._closed = False
        self._thread = threading.Thread(target=self._read, name=f"serial {path.name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hang up; the transcript stays readable."""
        self._socket.close()
        self._thread.join(timeout=5)

    @property
    def transcript(self) -> str:
        """Everything received so far, as plain text."""
        with self._changed:
            return plain_text(self._raw.decode(errors="replace"))

    def tail(self) -> str:
        """Return the last lines that hold anything, for failure messages."""
        lines = [line for line in self.transcript.splitlines() if line.strip()]
        return "\n".join(lines[-TAIL_LINES:])

    def screen(self) -> str:
        """Return the 24 lines of the terminal, right-trimmed."""
        with self._changed:
            return "\n".join(line.rstrip() for line in self._display.display)

    def send(self, text: str) -> None:
        """Type text; a line ends with ``\\r`` as on a real keyboard."""
        self._socket.sendall(text.encode())

    def expect(self, pattern: str, *, timeout: float) -> re.Match[str]:
        """Wait until text after the last match matches; seconds. Searches forward, never back."""

        def found() -> re.Match[str] | None:
            text = plain_text(self._raw.decode(errors="replace"))
            return re.compile(pattern, re.MULTILINE).search(text, self._searched)

        match = self._wait_for(found, timeout)
        if match is None:
            raise ConsoleTimeoutError(self._explain(f"no {pattern!r} on the serial line", timeout))
        self._searched = match.end()
        return match

    def expect_screen(self, pattern: str, *, timeout: float) -> re.Match[str]:
        """Wait until the screen as shown at one moment matches; seconds."""

        def found() -> re.Match[str] | None:
            shown = "\n".join(line.rstrip() for line in self._display.display)
            return re.search(pattern, shown, re.MULTILINE)

        match = self._wait_for(found, timeout)
        if match is None:
            raise ConsoleTimeoutError(
                self._explain(f"no {pattern!r} on the serial screen:\n{self.screen()}\n", timeout)
            )
        return match

    def _wait_for(
        self, found: Callable[[], re.Match[str] | None], timeout: float
    ) -> re.Match[str] | None:
        deadline = time.monotonic() + timeout
        with self._changed:
            while (match := found()) is None:
                left = deadline - time.monotonic()
                if left <= 0 or (self._closed and not self._changed.wait(0)):
                    return None
                self._changed.wait(min(left, 1.0))
            return match

    def _explain(self, what: str, timeout: float) -> str:
        ending = "the machine is gone" if self._closed else f"after {timeout:.0f} s"
        return f"{what} ({ending}); the console ends:\n{self.tail()}"

    def _read(self) -> None:
        while chunk := self._receive():
            with self._changed:
                self._raw += chunk
                self._stream.feed(chunk)
                self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(65536)
        except OSError:
            return b""
