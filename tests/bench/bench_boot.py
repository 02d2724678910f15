"""Measure the booted image in a TCG guest of 2 processors and 2 GiB."""

import json
import re
import shutil
import sys
import time
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figures import ROOT, Figure, report
from tests.boot.conftest import start_installed
from tests.boot.harness.disks import make_disk
from tests.boot.harness.machine import Disk
from tests.boot.harness.running import Running, boot
from tests.boot.idle import idle_memory
from tests.boot.node import (
    BOOT_TIMEOUT,
    INSTALL_TIMEOUT,
    SERIAL,
    STATUS_PAGE,
    install,
    install_arguments,
    live_machine,
)

DIST = ROOT / "dist"
GUEST = "TCG guest"


def main() -> int:
    """Report the figures of one live boot, one installation and one installed boot."""
    with TemporaryDirectory(prefix="node-bench-", dir="/var/tmp") as folder:
        figures = [*measure_live(Path(folder)), *measure_installed(Path(folder))]
    report("boot", figures)
    return 0


def measure_live(folder: Path) -> list[Figure]:
    """Install from the live medium, and write the same bytes with dd in the same guest."""
    disks = (
        Disk(image=make_disk(folder / "system.qcow2"), serial=SERIAL),
        Disk(image=make_disk(folder / "second.qcow2"), serial="SECOND1"),
    )
    arguments = install_arguments("node.install.reboot=no")
    machine = live_machine(DIST, "bench-live", arguments=arguments, disks=disks)
    with boot(machine, folder / "live") as vm:
        frame = first_frame(vm, "live, BIOS: kernel start to first console frame")
        seconds = install_seconds(vm)
        written = int(vm.root.run("stat -Lc %s /run/node/node.raucb"))
        dd = vm.root.run(
            "dd if=/run/node/node.raucb of=/dev/vdb bs=4M oflag=direct conv=fsync 2>&1",
            timeout=INSTALL_TIMEOUT,
        )
    copied = re.search(r"([\d.]+) s,", dd)
    plain = float(copied[1]) if copied else float("nan")
    return [
        frame,
        Figure("install", seconds, "s", GUEST),
        Figure(f"dd of the bundle, {written:,} bytes", plain, "s", GUEST),
        Figure("install / dd", seconds / plain, "times", GUEST),
    ]


def install_seconds(vm: Running) -> float:
    """Wait for the end of the installation; return how long its first to last event took."""
    limit = time.monotonic() + INSTALL_TIMEOUT
    while time.monotonic() < limit:
        operations = json.loads(vm.root.run("nodectl operations --json"))
        ended = [entry for entry in operations if entry["state"] in ("done", "failed")]
        if any(entry["kind"] == "install" for entry in ended):
            break
        # The unit is "inactive" before it starts as well: only the operation tells that it ended.
        time.sleep(1)
    (install_id,) = [entry["id"] for entry in operations if entry["kind"] == "install"]
    # The list leaves the events out.
    operation = json.loads(vm.root.run(f"nodectl operations {install_id} --json"))
    assert operation["state"] == "done", operation
    times = [datetime.fromisoformat(event["time"]) for event in operation["events"]]
    return (times[-1] - times[0]).total_seconds()


def first_frame(vm: Running, name: str) -> Figure:
    """Wait for the status page and return the guest's seconds since its kernel started."""
    vm.expect_screen(STATUS_PAGE, timeout=BOOT_TIMEOUT)
    uptime = vm.root.run("cat /proc/uptime", timeout=BOOT_TIMEOUT).split()[0]
    return Figure(name, float(uptime), "s", GUEST)


def measure_installed(folder: Path) -> list[Figure]:
    """Boot an installed node and let it idle."""
    kept = install(DIST, "uefi-secure")
    figures = []
    for vm in start_installed(kept, "uefi-secure", folder / "installed"):
        figures.append(first_frame(vm, "installed, UEFI: kernel start to first console frame"))
        idle = idle_memory(vm)
        figures.append(Figure("idle memory", idle.pop("used"), "bytes", GUEST))
        figures += [Figure(f"  {name}", size, "bytes", GUEST) for name, size in idle.items()]
        used = vm.root.run("du -sb --one-file-system /config /var/log /usr/lib/node/esp | cut -f1")
        figures.append(Figure("written beside the slot", sum(map(int, used.split())), "bytes"))
    shutil.rmtree(folder / "installed", ignore_errors=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())
