"""``./dev screenshot``: boot the live medium and keep a picture of its console for the README."""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.boot.harness.machine import Nic
from tests.boot.harness.running import boot
from tests.boot.harness.screendump import write_png
from tests.boot.node import BOOT_TIMEOUT, STATUS_PAGE, live_machine
from tests.conftest import ROOT

PICTURE = ROOT / "docs" / "console.png"
LARGEST = 200_000  # bytes


def main() -> int:
    """Write docs/console.png from a real boot."""
    machine = live_machine(
        ROOT / "dist", "screenshot", arguments="hostname=node1.example.com",
        nics=(Nic(ssh=True),), root_shell=False,
    )  # fmt: skip
    with TemporaryDirectory(prefix="node-screenshot-") as folder, boot(machine, Path(folder)) as vm:
        vm.expect_screen(STATUS_PAGE, timeout=BOOT_TIMEOUT)
        vm.expect_screen("HEALTHY", timeout=BOOT_TIMEOUT)
        time.sleep(5)  # meters need two looks at the machine before they show a load
        write_png(vm.picture(), PICTURE)
    size = PICTURE.stat().st_size
    sys.stdout.write(f"{PICTURE}: {size} bytes\n")
    return int(size > LARGEST)


if __name__ == "__main__":
    sys.exit(main())
