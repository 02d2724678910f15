"""Named steps of a build, as the person who waits for them sees them."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from image.build.host import log_path


class Progress:
    """Says on ``stream`` which of ``total`` steps runs and how long each took."""

    def __init__(self, total: int, stream: TextIO = sys.stderr) -> None:
        self.total = total
        self.number = 0
        self.stream = stream
        self.begun = time.monotonic()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[None]:
        """Run the body as step ``name``; its log starts empty."""
        self.number += 1
        log_path(name).write_bytes(b"")
        begun = time.monotonic()
        self._say(f"[{self.number:2}/{self.total}] {name}: {title}")
        yield
        self.seconds[name] = round(time.monotonic() - begun, 1)
        self._say(
            f"[{self.number:2}/{self.total}] {name}: {self.seconds[name]:.1f} s"
            f" ({time.monotonic() - self.begun:.0f} s in all)"
        )

    def warn(self, message: str) -> None:
        """Say something the person should act on although the build goes on."""
        self._say(f"warning: {message}")

    def _say(self, line: str) -> None:
        self.stream.write(line + "\n")
        self.stream.flush()
