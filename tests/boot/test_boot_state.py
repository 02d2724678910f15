"""What the real GRUB starts from an installed disk, seen from the kernel's command line."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from node_tui.plan.boot_state import BootState, fresh_state
from node_tui.system.boot_state import read
from tests.boot.grub_disk import Installed, Parts, Slot, make_disk, part_uuid, read_from_esp
from tests.boot.harness.machine import Bus, Disk, Firmware, Machine, qemu_argv
from tests.boot.harness.running import Running, boot

pytest_plugins = ["tests.boot.grub_parts"]

TIMEOUT = 90.0  # from reset to the first lines of a kernel, on a loaded machine
UNPROVEN_B = BootState(gen=1, active="B", good="A", a="good", b="try3")
PROVEN_A = BootState(gen=0, active="A", good="A", a="good", b="good")
CONSOLES = ["console=ttyS0,115200", "console=tty0"]
BOTH: tuple[Firmware, ...] = ("bios", "uefi-secure")


def machine_with(disk: Path, firmware: Firmware, bus: Bus = "virtio") -> Machine:
    drive = Disk(image=disk, serial="D", format="raw", bus=bus)
    return Machine(name=disk.stem, firmware=firmware, disks=(drive,), nics=(), memory=1024)


def await_kernel(running: Running) -> list[str]:
    """Wait until a kernel has its initramfs and return its arguments; then reset the machine."""
    line = running.serial.expect(r"Command line: ([^\r\n]*)[\r\n]", timeout=TIMEOUT)[1]
    running.serial.expect("RAMDISK: ", timeout=TIMEOUT)
    running.qmp.execute("stop")
    running.reset()
    running.serial.expect(r"(?s).*", timeout=1)  # whatever that kernel said is read now
    running.resume()
    words = line.split()
    assert words[0].startswith("BOOT_IMAGE=")
    return words[1:]


def starts(parts: Parts, disk: Path, firmware: Firmware, count: int) -> list[str]:
    """Return what the first ``count`` boots start: slot or rescue, and the reason if any."""
    seen = []
    with boot(machine_with(disk, firmware), disk.with_suffix(".run")) as running:
        for _number in range(count):
            words = await_kernel(running)
            found = [re.fullmatch(r"(?:rauc\.slot|node\.boot|node\.rescue)=(.*)", w) for w in words]
            seen.append(" ".join(match[1] for match in found if match))
    return seen


def state_on(parts: Parts, disk: Path) -> BootState | None:
    """Return the state that the ESP of ``disk`` holds."""
    folder = read_from_esp(parts, disk, "grub", disk.with_suffix(".after"))
    return read(folder).state


@pytest.mark.boot
@pytest.mark.parametrize("firmware", BOTH)
def test_a_slot_gets_its_arguments(parts: Parts, firmware: Firmware) -> None:
    disk = make_disk(parts, f"arguments-{firmware}", Installed(state=PROVEN_A))
    with boot(machine_with(disk, firmware), parts.work / f"arguments-{firmware}.run") as running:
        words = await_kernel(running)
    slot = [f"root=PARTUUID={part_uuid(disk, 'A')}", "rauc.slot=A"]
    image = ["earlyprintk=ttyS0", "panic=-1", "slot-args"]
    assert words == [*slot, *image, *CONSOLES, "machine-args"]


@pytest.mark.boot
def test_an_unproven_slot_counts_down_and_is_left(parts: Parts) -> None:
    disk = make_disk(parts, "countdown", Installed(state=UNPROVEN_B))
    assert starts(parts, disk, "bios", 4) == ["B", "B", "B", "A"]
    state = state_on(parts, disk)
    assert state is not None
    assert (state.active, state.good, state.a, state.b) == ("B", "A", "good", "bad")


@pytest.mark.boot_long
def test_an_unproven_slot_counts_down_under_secure_boot(parts: Parts) -> None:
    disk = make_disk(parts, "countdown-uefi", Installed(state=UNPROVEN_B))
    assert starts(parts, disk, "uefi-secure", 4) == ["B", "B", "B", "A"]


@pytest.mark.boot_long
def test_a_fresh_installation_that_never_works_ends_in_the_rescue_console(parts: Parts) -> None:
    disk = make_disk(parts, "fresh", Installed(b=None, state=fresh_state("A")))
    assert starts(parts, disk, "bios", 4) == ["A", "A", "A", "not-proven"]


UNUSABLE = {
    "superblock": Slot(readable=False),
    "kernel missing": Slot(without=("vmlinuz",)),
    "initramfs missing": Slot(without=("initrd.img",)),
    # Found out only after the kernel was loaded, so another one is loaded over it.
    "initramfs missing, unknown": Slot(without=("initrd.img",), unlisted=("initrd.img",)),
    "arguments missing": Slot(without=("node.cfg",)),
    "kernel damaged": Slot(damage=("vmlinuz",)),
    "initramfs damaged": Slot(damage=("initrd.img",)),
}
FIRST = {"superblock", "kernel damaged", "initramfs missing, unknown"}
# Under UEFI nothing checks an initramfs before the kernel unpacks it.
UNUSABLE_UEFI = {name: slot for name, slot in UNUSABLE.items() if name != "initramfs damaged"}


@pytest.mark.boot
@pytest.mark.parametrize("what", sorted(FIRST))
def test_an_unusable_slot_is_marked_bad_and_left_at_once_under_bios(
    parts: Parts, what: str
) -> None:
    unusable_slot_is_left(parts, UNUSABLE[what], "bios")


@pytest.mark.boot_long
@pytest.mark.parametrize("what", sorted(UNUSABLE.keys() - FIRST))
def test_other_unusable_slots_are_left_at_once_under_bios(parts: Parts, what: str) -> None:
    unusable_slot_is_left(parts, UNUSABLE[what], "bios")


@pytest.mark.boot_long
@pytest.mark.parametrize("what", UNUSABLE_UEFI)
def test_an_unusable_slot_is_left_at_once_under_secure_boot(parts: Parts, what: str) -> None:
    unusable_slot_is_left(parts, UNUSABLE[what], "uefi-secure")


def unusable_slot_is_left(parts: Parts, slot: Slot, firmware: Firmware) -> None:
    disk = make_disk(parts, f"unusable-{firmware}", Installed(b=slot, state=UNPROVEN_B))
    assert starts(parts, disk, firmware, 1) == ["A"]
    state = state_on(parts, disk)
    assert state is not None
    assert state.b == "bad"


@pytest.mark.parametrize(
    "firmware",
    [
        pytest.param("bios", marks=pytest.mark.boot_long),
        pytest.param("uefi-secure", marks=pytest.mark.boot),
    ],
)
def test_without_a_readable_slot_the_rescue_console_starts(
    parts: Parts, firmware: Firmware
) -> None:
    unreadable = Slot(readable=False)
    content = Installed(a=unreadable, b=unreadable, state=PROVEN_A)
    disk = make_disk(parts, f"unreadable-{firmware}", content)
    assert starts(parts, disk, firmware, 1) == ["nothing-starts"]


@pytest.mark.boot_long
@pytest.mark.parametrize("firmware", BOTH)
def test_a_good_slot_that_cannot_be_read_keeps_its_mark(parts: Parts, firmware: Firmware) -> None:
    content = Installed(a=Slot(readable=False), state=replace(PROVEN_A, b="bad"))
    disk = make_disk(parts, f"good-{firmware}", content)
    assert starts(parts, disk, firmware, 1) == ["B last-resort"]
    assert state_on(parts, disk) == content.state


@pytest.mark.boot_long
@pytest.mark.parametrize("firmware", BOTH)
def test_without_a_state_a_slot_starts_and_says_so(parts: Parts, firmware: Firmware) -> None:
    disk = make_disk(parts, f"no-state-{firmware}", Installed(state=None))
    assert starts(parts, disk, firmware, 1) == ["A no-state"]
    content = Installed(a=Slot(readable=False), state=None)
    disk = make_disk(parts, f"no-state-b-{firmware}", content)
    assert starts(parts, disk, firmware, 1) == ["B no-state"]


@pytest.mark.boot_long
@pytest.mark.parametrize("firmware", BOTH)
def test_with_nothing_to_start_the_machine_restarts(parts: Parts, firmware: Firmware) -> None:
    content = Installed(a=None, b=None, state=PROVEN_A, rescue=False)
    disk = make_disk(parts, f"nothing-{firmware}", content)
    with boot(machine_with(disk, firmware), parts.work / f"nothing-{firmware}.run") as running:
        for _number in range(2):
            # The whole line: under UEFI it comes twice, from GRUB and from the firmware's console.
            running.serial.expect(r"Nothing on this disk can be started[^\n]*\n", timeout=TIMEOUT)


@pytest.mark.boot_long
@pytest.mark.parametrize("bus", ["sata", "scsi", "nvme", "usb"])
def test_bios_starts_from_every_kind_of_disk(parts: Parts, bus: Bus) -> None:
    disk = make_disk(parts, f"bus-{bus}", Installed(state=PROVEN_A))
    with boot(machine_with(disk, "bios", bus), parts.work / f"bus-{bus}.run") as running:
        assert "rauc.slot=A" in await_kernel(running)


@pytest.mark.boot
def test_a_machine_without_a_serial_port_boots(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_port(machine: Machine, folder: Path, sockets: Path) -> tuple[str, ...]:
        argv = qemu_argv(machine, folder, sockets)
        return tuple("none" if word == "chardev:serial0" else word for word in argv)

    monkeypatch.setattr("tests.boot.harness.running.qemu_argv", without_port)
    disk = make_disk(parts, "no-port", Installed(a=Slot(arguments="panic=0"), state=PROVEN_A))
    with boot(machine_with(disk, "bios"), disk.with_suffix(".run")) as running:
        # Without an init in its initramfs a kernel ends so, on the screen.
        running.expect_screen("Kernel panic - not syncing: VFS", timeout=TIMEOUT)


@pytest.mark.boot
def test_the_menu_is_closed(parts: Parts) -> None:
    disk = make_disk(parts, "closed", Installed(state=PROVEN_A))
    with boot(machine_with(disk, "bios"), parts.work / "closed.run") as running:
        # GRUB listens from the moment it clears the terminal until its hidden time is over.
        running.serial.expect_screen(r"\A\s*\Z|GRUB", timeout=TIMEOUT)
        for _attempt in range(30):
            running.serial.send("\x1b")
            if "Rescue console" in running.serial.screen():
                break
            running.qmp.execute("query-status")
        running.serial.expect_screen("Rescue console", timeout=TIMEOUT)
        running.serial.send("c")
        running.serial.expect("Enter username", timeout=TIMEOUT)
