"""After a power cut in the middle, and over foreign data with consent: the machine installs."""

from pathlib import Path

import pytest

from tests.boot.harness.disks import GIB, make_disk
from tests.boot.harness.machine import Disk
from tests.boot.harness.running import boot
from tests.boot.node import (
    BOOT_TIMEOUT,
    INSTALL_TIMEOUT,
    SERIAL,
    STATUS_PAGE,
    install_arguments,
    installed_machine,
    live_machine,
    watch_until_off,
)
from tests.boot.test_refusals import foreign

pytestmark = pytest.mark.boot_long
HALF_A_SLOT = r"[3-6]\d %  running   write-slot"


def install_onto(dist: Path, disk: Path, folder: Path, arguments: str) -> None:
    """Install onto a disk as it is and switch the machine off."""
    disks = (Disk(image=disk, serial=SERIAL),)
    machine = live_machine(
        dist, folder.name, arguments=arguments, disks=disks, boot_cdrom_first=True
    )
    with boot(machine, folder) as vm:
        vm.qmp.execute("set-action", reboot="shutdown")
        watch_until_off(vm, timeout=INSTALL_TIMEOUT)


def assert_boots(disk: Path, folder: Path) -> None:
    """Boot the installed disk to its status page."""
    with boot(installed_machine(folder.name, disk, firmware="bios"), folder) as vm:
        vm.expect_screen(STATUS_PAGE, timeout=BOOT_TIMEOUT)
        assert '"installed"' in vm.root.run("nodectl facts --json", timeout=300)


def test_power_cut_in_the_middle_then_again(qemu: None, dist: Path, logs: Path) -> None:
    folder = logs / "power-cut"
    folder.mkdir(parents=True, exist_ok=True)
    disk = folder / "disk.qcow2"
    disk.unlink(missing_ok=True)
    make_disk(disk)
    disks = (Disk(image=disk, serial=SERIAL, durable=True),)
    machine = live_machine(dist, "power-cut", arguments=install_arguments(), disks=disks)
    with boot(machine, folder) as vm:
        vm.serial.expect(HALF_A_SLOT, timeout=INSTALL_TIMEOUT)
        vm.cut_power()
    # The half-written disk has our layout and no token store: the same arguments install again.
    install_onto(dist, disk, logs / "power-cut-again", install_arguments())
    assert_boots(disk, logs / "power-cut-boot")


def test_foreign_data_is_taken_with_consent(qemu: None, dist: Path, logs: Path) -> None:
    folder = logs / "consent"
    folder.mkdir(parents=True, exist_ok=True)
    disk = folder / "disk.qcow2"
    disk.unlink(missing_ok=True)
    foreign(make_disk(disk, 20 * GIB))
    consent = f"node.install.consent=serial:{SERIAL}"
    install_onto(dist, disk, folder, install_arguments(consent))
    assert_boots(disk, logs / "consent-boot")
