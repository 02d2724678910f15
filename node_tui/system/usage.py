"""How loaded the machine is: processor, memory, data partition, uptime."""

import os
from pathlib import Path

from plugins.api.facts import Usage

DATA = "data"


class CpuMeter:
    """Percent of all processors in use between two readings (/proc/stat, in ticks)."""

    def __init__(self, root: Path) -> None:
        self._stat = root / "proc/stat"
        self._last = (0, 0)

    def read(self) -> Usage:
        """Return the use since the last reading; the first one tells the mean since power-on."""
        busy, total = self._ticks()
        busy_before, total_before = self._last
        self._last = (busy, total)
        elapsed = total - total_before
        percent = round(100 * (busy - busy_before) / elapsed) if elapsed > 0 else 0
        return Usage(used=min(max(percent, 0), 100), total=100)

    def _ticks(self) -> tuple[int, int]:
        first = self._stat.read_text(encoding="ascii").partition("\n")[0]
        ticks = [int(field) for field in first.split()[1:9]]
        idle = ticks[3] + ticks[4]  # idle and iowait
        return sum(ticks) - idle, sum(ticks)


def read_memory(root: Path) -> Usage:
    """Return memory in bytes; used = MemTotal - MemAvailable."""
    kilobytes = {}
    for line in (root / "proc/meminfo").read_text(encoding="ascii").splitlines():
        name, _colon, value = line.partition(":")
        kilobytes[name] = int(value.split()[0])
    total = kilobytes["MemTotal"]
    return Usage(used=1024 * (total - kilobytes["MemAvailable"]), total=1024 * total)


def read_data(root: Path) -> Usage | None:
    """Return the use of the data partition in bytes, None when none is mounted."""
    path = root / DATA
    if not path.is_mount():
        return None
    space = os.statvfs(path)
    return Usage(
        used=space.f_frsize * (space.f_blocks - space.f_bfree),
        total=space.f_frsize * space.f_blocks,
    )


def read_uptime(root: Path) -> int:
    """Return the seconds since the kernel started."""
    return int(float((root / "proc/uptime").read_text(encoding="ascii").split()[0]))
