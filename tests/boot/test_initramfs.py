"""A boot that does not find its root says why on the console and restarts; there is no shell."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.boot.harness.machine import Disk, Kernel, Machine
from tests.boot.harness.running import Running, boot

pytestmark = pytest.mark.boot_long

UUID = "11111111-2222-4333-8444-aaaaaaaaaaaa"
TABLE = f"label: gpt\n1: size=1MiB\n2: size=1MiB\n3: size=16MiB, name=Root-A, uuid={UUID}\n"
SECONDS = 180


@contextmanager
def started(
    folder: Path, dist: Path, append: str, disks: tuple[Disk, ...] = ()
) -> Iterator[Running]:
    """A machine that runs the initramfs with these arguments and stops instead of restarting."""
    kernel = Kernel(
        image=dist / "pxe/vmlinuz",
        initrd=dist / "pxe/initrd",
        append=f"console=tty0 console=ttyS0 quiet loglevel=3 rd.shell=0 {append}",
    )
    machine = Machine(
        name=folder.name, kernel=kernel, disks=disks, nics=(), extra=("-no-reboot",), memory=1024
    )
    with boot(machine, folder) as vm:
        yield vm


def expect_reason(vm: Running, *lines: str) -> None:
    """Wait for the reason, then for the restart."""
    vm.serial.expect("THIS NODE DOES NOT BOOT", timeout=SECONDS)
    for line in lines:
        vm.serial.expect(line, timeout=10)
    vm.wait_off(timeout=60)
    assert "#" not in vm.serial.transcript.split("THIS NODE DOES NOT BOOT")[1]


def make_node_disk(path: Path) -> Path:
    """Make a disk with a slot A that holds no image."""
    if shutil.which("sfdisk") is None:
        pytest.skip("sfdisk is missing; install fdisk")
    path.write_bytes(b"")
    with path.open("r+b") as disk:
        disk.truncate(64 * 2**20)
    subprocess.run(["sfdisk", "-q", path], input=TABLE.encode(), check=True)
    return path


def test_a_missing_medium(qemu: None, dist: Path, tmp_path: Path) -> None:
    # Words that PID 1 would take for its own must not lead to a shell either.
    words = "rescue single emergency 1 systemd.unit=rescue.target rd.systemd.unit=emergency.target"
    for extra in ("", words):
        append = f"node.bundle=LABEL=NODE:/node.raucb rd.timeout=3 {extra}"
        with started(tmp_path / f"machine{len(extra)}", dist, append) as vm:
            vm.serial.expect("THIS NODE DOES NOT BOOT", timeout=SECONDS)
            vm.wait_off(timeout=90)


def test_a_slot_without_an_image(qemu: None, dist: Path, tmp_path: Path) -> None:
    disk = Disk(image=make_node_disk(tmp_path / "disk.raw"), serial="ONE", bus="nvme", format="raw")
    append = f"root=PARTUUID={UUID} rauc.slot=A"
    with started(tmp_path / "machine", dist, append, (disk,)) as vm:
        expect_reason(vm, r"Slot A \(.*\) holds no readable image")


def test_a_cloned_disk_stops_the_boot_and_nothing_is_written(
    qemu: None, dist: Path, tmp_path: Path
) -> None:
    paths = [make_node_disk(tmp_path / "first.raw")]
    paths.append(shutil.copy(paths[0], tmp_path / "second.raw"))
    before = paths[0].read_bytes()
    disks = tuple(
        Disk(image=path, serial=f"DISK{number}", format="raw") for number, path in enumerate(paths)
    )
    append = f"root=PARTUUID={UUID} rauc.slot=A"
    with started(tmp_path / "machine", dist, append, disks) as vm:
        expect_reason(vm, f"Several disks carry the same partition {UUID}", "Nothing was written")
    assert [path.read_bytes() == before for path in paths] == [True, True]


def test_the_rescue_console_obeys_its_words(qemu: None, dist: Path, tmp_path: Path) -> None:
    append = "node.rescue=nothing-starts rd.systemd.unit=node-rescue.target"
    with started(tmp_path / "machine", dist, append) as vm:
        vm.serial.expect("No system slot of this disk can be loaded", timeout=SECONDS)
        # What is typed between the page and the first look at the line is lost.
        vm.serial.expect("restarts in 15 minutes", timeout=10)
        time.sleep(5)
        vm.serial.send("sh\r")
        vm.serial.expect("RESCUE CONSOLE", timeout=30)
        vm.serial.send("poweroff\r")
        vm.wait_off(timeout=60)
