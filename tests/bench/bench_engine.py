"""Measure the engine natively: cold start, memory, answers, and nodectl status. Asserts nothing."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from node_tui.client import Client, EngineAbsentError

ENGINE = "import sys; from node_tui.cli.nodectl import main; sys.exit(main())"
ROUNDS = 5


def main() -> int:
    """Print one line a figure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        starts = []
        for _round in range(ROUNDS):
            process, seconds = start_engine(folder)
            starts.append(seconds)
            if len(starts) < ROUNDS:
                stop(process)
        try:
            measure(process, folder, starts)
        finally:
            stop(process)
    return 0


def start_engine(folder: Path) -> tuple[subprocess.Popen[bytes], float]:
    """Start an engine and return it with the seconds to its first answer."""
    for path in folder.glob("*.sock"):
        path.unlink()
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", ENGINE, "engine", "--sockets", str(folder)],
        stderr=subprocess.DEVNULL,
    )
    client = Client(folder / "viewer.sock")
    while True:
        try:
            client.operations()
        except EngineAbsentError:
            time.sleep(0.002)
        else:
            return process, time.perf_counter() - began


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the engine."""
    process.terminate()
    process.wait(10)


def measure(process: subprocess.Popen[bytes], folder: Path, starts: list[float]) -> None:
    """Print what is to know about a running engine."""
    client = Client(folder / "viewer.sock")
    show("engine: cold start to first answer", starts, "s")
    ticks = processor_ticks(process.pid) / os.sysconf("SC_CLK_TCK")
    say(f"{'engine: cold start, processor time':40} {ticks:8.3f} s")
    client.facts()
    show("engine: GET /v1/facts", timed(client.facts), "s")
    show("engine: GET /v1/health", timed(client.health), "s")
    status = [sys.executable, "-c", ENGINE, "status", "--sockets", str(folder)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    show("nodectl status", timed(lambda: subprocess.check_output(status)), "s")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    say(f"{'nodectl status: processor time':40} {used / ROUNDS:8.3f} s")
    say(f"{'engine: resident memory':40} {resident(process.pid) / 1e6:8.1f} MB")
    ticks = processor_ticks(process.pid)
    time.sleep(2)
    say(f"{'engine: processor ticks in 2 idle s':40} {processor_ticks(process.pid) - ticks:8}")


def timed(call: Callable[[], object]) -> list[float]:
    """Return the seconds of several calls."""
    seconds = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return seconds


def show(name: str, values: list[float], unit: str) -> None:
    """Print the median and the worst of ``values``."""
    say(f"{name:40} {statistics.median(values):8.3f} {unit}  (worst {max(values):.3f})")


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(f"{line}\n")


def resident(pid: int) -> int:
    """Return the resident memory in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def processor_ticks(pid: int) -> int:
    """Return the user and system ticks the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    sys.exit(main())
