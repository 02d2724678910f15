"""Prints what the console costs: seconds to the first frame, resident memory, bytes and time a key.

``python -m tests.bench.bench_ui [--json]``; the console runs on a pseudo-terminal over a fake node,
so that the numbers are those of the UI alone.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.node_tui.ui.pty_screen import PtyScreen

RUNS = 5
KEYS = 40


def seconds_to_first_frame() -> float:
    """Start the console and wait for the first frame that shows the node."""
    begun = time.monotonic()
    with PtyScreen.of_scene("installed") as terminal:
        while "HEALTHY" not in terminal.text:
            terminal.pump(0.02)
        return time.monotonic() - begun


def resident_megabytes(process: int) -> float:
    """Return the resident memory of a process in MB (10^6)."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024 / 1e6


def cpu_seconds(process: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until(terminal: PtyScreen, holds: Callable[[str], bool]) -> None:
    """Take output until the screen holds what is waited for; 10 s at most."""
    limit = time.monotonic() + 10
    while not holds(terminal.text):
        assert time.monotonic() < limit, terminal.text
        terminal.pump(0.05)


def drain(terminal: PtyScreen) -> None:
    """Take output until none comes for half a second."""
    while terminal.pump(0.5):
        continue


def key_costs(terminal: PtyScreen) -> dict[str, float]:
    """Move the mark of the menu up and down; measure bytes, and seconds to the first change."""
    terminal.send("l")
    wait_until(terminal, lambda text: "Password" in text)
    terminal.send("right\r")
    wait_until(terminal, lambda text: "> Status" in text)
    drain(terminal)
    before = len(terminal.received)
    waits = []
    for number in range(KEYS):
        wanted = "> Status" if number % 2 else "> Power"
        begun = time.monotonic()
        terminal.send("\x1b[A" if number % 2 else "\x1b[B")
        wait_until(terminal, lambda text, wanted=wanted: wanted in text)  # type: ignore[misc]
        waits.append(time.monotonic() - begun)
        drain(terminal)
    waits.sort()
    return {
        "key_to_frame_median_s": round(statistics.median(waits), 4),
        "key_to_frame_worst_s": round(waits[-1], 4),
        "bytes_per_key": round((len(terminal.received) - before) / KEYS),
    }


def measure() -> dict[str, float]:
    """Return all numbers."""
    frames = sorted(seconds_to_first_frame() for _ in range(RUNS))
    with PtyScreen.of_scene("installed") as terminal:
        wait_until(terminal, lambda text: "HEALTHY" in text)
        drain(terminal)
        first = len(terminal.received)
        keys = key_costs(terminal)
        drain(terminal)
        idle = len(terminal.received)
        limit = time.monotonic() + 3
        while time.monotonic() < limit:
            terminal.pump(0.2)
        return {
            "first_frame_median_s": round(statistics.median(frames), 3),
            "first_frame_worst_s": round(frames[-1], 3),
            "process_cpu_s": round(cpu_seconds(terminal.process.pid), 3),
            "rss_mb": round(resident_megabytes(terminal.process.pid), 1),
            "first_frame_bytes": first,
            **keys,
            "idle_bytes_in_3_s": len(terminal.received) - idle,
        }


def main() -> int:
    """Print the numbers as a table, or as JSON."""
    numbers = measure()
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps(numbers, indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{name:24} {value}\n" for name, value in numbers.items())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
