"""Mount a filesystem for a moment, in a folder of ours, and never leave it mounted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from node_tui.system.command import run
from persist.errors import NodeError

BUSY = 32


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
        run([*argv, "--source", device, "--target", place], timeout=60)
        try:
            yield place
        except BaseException:
            self._unmount(place, failing=True)
            raise
        self._unmount(place, failing=False)

    def _unmount(self, place: Path, *, failing: bool) -> None:
        """Unmount; when something already failed, that failure is the one to tell."""
        try:
            run(["umount", place], timeout=120)
            place.rmdir()
        except (NodeError, OSError):
            run(["umount", "--lazy", place], timeout=60, accept=(0, 1, BUSY))
            if not failing:
                raise
