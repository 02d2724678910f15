"""How much memory an idle node uses, as the design defines it.

MemTotal - MemAvailable in a guest of 2 GiB, 120 s after boot-complete.target, with the status page
on tty1, no guest and nobody logged in.
"""

import time

from tests.boot.harness.running import Running
from tests.boot.node import BOOT_TIMEOUT, STATUS_PAGE, await_boot_complete

SECONDS_TO_SETTLE = 120


def idle_memory(vm: Running) -> dict[str, int]:
    """Return bytes: ``used``, and the resident memory of the largest processes by name."""
    vm.expect_screen(STATUS_PAGE, timeout=BOOT_TIMEOUT)
    await_boot_complete(vm)
    time.sleep(
        SECONDS_TO_SETTLE
    )  # the measure is defined by this moment, there is nothing to await
    kilobytes = {
        words[0].rstrip(":"): int(words[1])
        for line in vm.root.run("cat /proc/meminfo").splitlines()
        if (words := line.split())
    }
    used = (kilobytes["MemTotal"] - kilobytes["MemAvailable"]) * 1024
    largest = vm.root.run("ps -eo rss=,args= --sort=-rss | head -12")
    processes: dict[str, int] = {}
    for line in largest.splitlines():
        resident, command = line.split(maxsplit=1)
        processes.setdefault(command[:60], int(resident) * 1024)
    return {"used": used, **processes}
