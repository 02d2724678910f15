"""An installed machine whose only slot cannot be read: the rescue console, never a prompt."""

import re
from pathlib import Path

import pytest

from tests.boot.harness.disks import layer_over, read_bytes, write_bytes
from tests.boot.harness.machine import Firmware
from tests.boot.harness.running import boot
from tests.boot.node import BOOT_TIMEOUT, Installed, copy_installed, installed_machine

pytestmark = pytest.mark.boot_long
PROMPTS = r"grub>|grub rescue>|\(initramfs\)|login:|^(sh|bash|dracut)[^\n]*[#$] |emergency mode"
# GRUB names the folder /node/rescue when it cannot load it: that is no rescue.
RESCUE_CONSOLE = "^RESCUE CONSOLE$"
SLOT_A = 3
SECTOR = 512


def partition_start(disk: Path, number: int) -> int:
    """Return the first byte of a GPT partition."""
    table = read_bytes(disk, 2 * SECTOR, 128 * 128)
    entry = table[(number - 1) * 128 : number * 128]
    return int.from_bytes(entry[32:40], "little") * SECTOR


def damage_slot_a(disk: Path) -> None:
    """Overwrite the superblock of slot A's squashfs and what follows it."""
    start = partition_start(disk, SLOT_A)
    assert read_bytes(disk, start, SECTOR)[:4] == b"hsqs"
    write_bytes(disk, start, b"\xa5" * 2**20)


@pytest.mark.parametrize("firmware", ["bios", "uefi-secure"])
def test_an_unreadable_slot_leads_to_the_rescue_console(
    request: pytest.FixtureRequest, logs: Path, firmware: Firmware
) -> None:
    short = firmware.partition("-")[0]
    installed: Installed = request.getfixturevalue(f"installed_{short}")
    folder = logs / f"rescue-{firmware}"
    copy_installed(installed, folder)
    disk = folder / "disk.qcow2"
    disk.unlink(missing_ok=True)
    damage_slot_a(layer_over(installed.disk, disk))
    machine = installed_machine(folder.name, disk, firmware=firmware, root_shell=False)
    with boot(machine, folder) as vm:
        vm.expect_screen(RESCUE_CONSOLE, timeout=BOOT_TIMEOUT)
        assert "No system slot of this disk can be loaded." in vm.screen()
        vm.save_picture("rescue")
        for key in ("ret", "esc", "ctrl-c", "ctrl-d", "c", "e", "ctrl-alt-f2", "ctrl-alt-f1"):
            vm.press(key)
        vm.serial.send("\r\x03\x04sh\r")
        vm.expect_screen(RESCUE_CONSOLE, timeout=60)
        for shown in (vm.screen(), vm.serial.transcript):
            assert_no_prompt(shown)


def assert_no_prompt(shown: str) -> None:
    """Fail when a prompt of a boot loader or a shell stands there."""
    found = re.search(PROMPTS, shown, re.MULTILINE)
    assert found is None, f"a prompt ({found[0]!r}) in:\n{shown}"
