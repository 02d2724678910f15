"""Expensive machines are made once and shared: one installation serves many assertions."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.boot.harness.disks import layer_over
from tests.boot.harness.machine import Firmware
from tests.boot.harness.running import Running, boot
from tests.boot.node import Installed, copy_installed, install, installed_machine
from tests.conftest import ROOT, lacks


@pytest.fixture(scope="session")
def qemu() -> None:
    """QEMU is there."""
    if shutil.which("qemu-system-x86_64") is None:
        lacks("qemu-system-x86_64 is missing; install qemu-system-x86")


@pytest.fixture(scope="session")
def logs() -> Path:
    """The folder of consoles and pictures of machines; it stays after the run."""
    folder = ROOT / "dist" / "boot-logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def installed_uefi(qemu: None, dist: Path) -> Installed:
    """A fresh installation under UEFI with Secure Boot enforced."""
    return install(dist, "uefi-secure")


@pytest.fixture(scope="session")
def installed_bios(qemu: None, dist: Path) -> Installed:
    """A fresh installation under BIOS."""
    return install(dist, "bios")


def start_installed(installed: Installed, firmware: Firmware, folder: Path) -> Iterator[Running]:
    """Boot a layer over an installation; the kept disk itself never changes."""
    shutil.rmtree(folder, ignore_errors=True)
    copy_installed(installed, folder)
    disk = layer_over(installed.disk, folder / "disk.qcow2")
    with boot(installed_machine(folder.name, disk, firmware=firmware), folder) as vm:
        yield vm
