"""An installation that must not happen: the reason is shown and no byte of a disk changes."""

import re
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile

from tests.boot.harness.disks import GIB, make_disk, same_content
from tests.boot.harness.machine import Bus, Disk
from tests.boot.harness.running import boot
from tests.boot.node import BOOT_TIMEOUT, install_arguments, live_machine

Prepare = Callable[[Path], None]


def blank(path: Path) -> None:
    """Leave the disk as the factory made it."""


def assert_refused(
    dist: Path,
    folder: Path,
    reason: str,
    *,
    selector: str,
    sizes: tuple[int, ...] = (20 * GIB,),
    prepare: Prepare = blank,
    bus: Bus = "virtio",
) -> None:
    """Boot the live system with an installation request that must be refused for ``reason``.

    ``reason`` is a pattern; serial line, virtual terminal and journal have to show it, and every
    disk must keep every byte.
    """
    folder.mkdir(parents=True, exist_ok=True)
    images = []
    for number, size in enumerate(sizes, 1):
        image = folder / f"disk{number}.qcow2"
        image.unlink(missing_ok=True)
        prepare(make_disk(image, size))
        copyfile(image, folder / f"before{number}.qcow2")
        images.append(image)
    disks = tuple(
        Disk(image=image, serial=f"SYSTEM{number}", bus=bus)
        for number, image in enumerate(images, 1)
    )
    arguments = install_arguments(disk=selector)
    machine = live_machine(dist, folder.name, arguments=arguments, disks=disks)
    with boot(machine, folder) as vm:
        vm.serial.expect("Installation refused, nothing was written", timeout=BOOT_TIMEOUT)
        vm.serial.expect(reason, timeout=60)
        vm.expect_screen(reason, timeout=BOOT_TIMEOUT)
        vm.save_picture("refused")
        assert re.search(reason, vm.root.run("journalctl -b -u node-install.service -o cat"))
    for number, image in enumerate(images, 1):
        assert same_content(image, folder / f"before{number}.qcow2"), f"{image} was written to"
