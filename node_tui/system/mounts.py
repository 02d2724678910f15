"""Mount a filesystem for a moment, in a folder of ours, and never leave it mounted."""

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from node_tui.system.command import run
from persist.errors import NodeError

log = logging.getLogger(__name__)

BUSY = 32
# Where an installation mounts what it writes.
TARGET = Path("/run/node/target")
# Shared by all who have something mounted; it dies with its holder, however that ends.
LOCK = ".mounts"


class Mounts:
    """Mounts below ``base``, which is made when needed and removed again."""

    def __init__(self, base: Path) -> None:
        self._base = base

    @contextmanager
    def mounted(self, device: Path, kind: str, options: str = "") -> Iterator[Path]:
        """Yield the folder in which ``device`` is mounted; unmounted whatever happens inside."""
        place = self._base / device.name
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        argv: list[str | Path] = ["mount", f"--types={kind}"]
        if options:
            argv.append(f"--options={options}")
        with self._locked(fcntl.LOCK_SH):
            run([*argv, "--source", device, "--target", place], timeout=60)
            try:
                yield place
            except BaseException:
                self._unmount(place, failing=True)
                raise
            self._unmount(place, failing=False)

    def sweep(self) -> None:
        """Unmount what a process that was killed left below ``base``, unless one is at work there.

        Only for a base of our own: everything in it goes.
        """
        if not self._base.is_dir():
            return
        with contextlib.suppress(BlockingIOError), self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
            for place in sorted(path for path in self._base.iterdir() if path.is_dir()):
                if place.is_mount():
                    log.warning("%s was left behind by a process that was killed", place)
                    self._unmount(place, failing=True)

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        descriptor = os.open(self._base / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, kind)
            yield
        finally:
            os.close(descriptor)

    def _unmount(self, place: Path, *, failing: bool) -> None:
        """Unmount; when something already failed, that failure is the one to tell."""
        try:
            run(["umount", place], timeout=120)
            place.rmdir()
        except (NodeError, OSError):
            run(["umount", "--lazy", place], timeout=60, accept=(0, 1, BUSY))
            if not failing:
                raise
