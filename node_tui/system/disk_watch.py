"""The disks for those who look often: read again only when the kernel saw something change."""

import time
from collections.abc import Callable
from pathlib import Path

from plugins.api.facts import Disk

# What changes with a disk, a partition or a mount that comes or goes.
SIGNS = ("proc/partitions", "proc/self/mounts")
# A new filesystem on an old partition changes neither.
SECONDS_BELIEVED = 300.0


class DiskWatch:
    """Keeps the last reading: one look starts a process and reads from every disk."""

    def __init__(
        self,
        root: Path,
        read: Callable[[], tuple[Disk, ...]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root = root
        self._read = read or _read_disks
        self._clock = clock
        self._last: tuple[float, tuple[bytes, ...], tuple[Disk, ...]] | None = None

    def read(self) -> tuple[Disk, ...]:
        """Return the disks."""
        signs = tuple((self._root / sign).read_bytes() for sign in SIGNS)
        now = self._clock()
        if self._last and self._last[1] == signs and now - self._last[0] < SECONDS_BELIEVED:
            return self._last[2]
        disks = self._read()
        self._last = (now, signs, disks)
        return disks


def _read_disks() -> tuple[Disk, ...]:
    from node_tui.system.disks import read_disks  # noqa: PLC0415 - brings pyudev, costs memory

    return read_disks()
