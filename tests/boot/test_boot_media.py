"""The live medium and the network boot, from firmware to the kernel's command line.

The bundle holds a kernel and an empty initramfs: what GRUB does is seen, not what the node does.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from image.build.iso import build_iso
from image.build.pxe import build_pxe
from node_tui.plan.environment_block import format_block
from tests.boot.grub_disk import Parts, Slot, empty_archive, run_tool, slot_image
from tests.boot.harness.machine import Disk, Firmware, Machine, Nic
from tests.boot.harness.running import boot

pytest_plugins = ["tests.boot.grub_parts"]

TIMEOUT = 120.0
SLOT = Slot(arguments="earlyprintk=ttyS0 panic=0 image-args")
IMAGE = ["earlyprintk=ttyS0", "panic=0", "image-args"]
CONSOLES = ["console=ttyS0,115200", "console=tty0"]
OEM = ("node.args:passed=over", "vendor", "node.args:storage_init=size>=1G,bus=nvme hostname=a.b")
OEM_WORDS = ["storage_init=size>=1G,bus=nvme", "hostname=a.b"]


def make_bundle(parts: Parts, slot: Slot, name: str) -> Path:
    """Return a file that looks to GRUB like a signed bundle."""
    folder = parts.work / f"bundle-{name}"
    folder.mkdir()
    shutil.copyfile(slot_image(parts, slot), folder / "root.img")
    path = parts.work / f"{name}.raucb"
    run_tool(parts, ["mksquashfs", str(folder), str(path), "-noI", "-noD", "-noF", "-noX"])
    with path.open("ab") as stream:
        stream.write(b"verity tree and signature" * 1000)
    return path


@pytest.fixture(scope="session")
def bundle(parts: Parts) -> Path:
    return make_bundle(parts, SLOT, "node")


@pytest.fixture(scope="session")
def iso(parts: Parts, bundle: Path) -> Path:
    return build_iso(parts.tools, bundle, parts.work / "node.iso", "1.2.3")


def arguments(parts: Parts, machine: Machine) -> list[str]:
    """Return the arguments of the kernel that ``machine`` starts."""
    with boot(machine, parts.work / f"{machine.name}.run") as running:
        pattern = r"Command line: ([^\r\n]*)[\r\n]"
        words = str(running.serial.expect(pattern, timeout=TIMEOUT)[1]).split()
        running.serial.expect("RAMDISK: ", timeout=TIMEOUT)
    return [word for word in words if not word.startswith("BOOT_IMAGE=")]


def live(*more: str) -> list[str]:
    return ["node.bundle=LABEL=NODE:/node.raucb", *IMAGE, *CONSOLES, *more]


@pytest.mark.boot
def test_the_same_bundle_gives_the_same_iso(parts: Parts, iso: Path, bundle: Path) -> None:
    copy = parts.work / "copy.raucb"
    shutil.copyfile(bundle, copy)
    again = build_iso(parts.tools, copy, parts.work / "again.iso", "1.2.3")
    assert again.read_bytes() == iso.read_bytes()


@pytest.mark.boot
def test_a_cd_starts_under_bios_with_the_arguments_of_the_machine(parts: Parts, iso: Path) -> None:
    machine = Machine(name="cd-bios", cdrom=iso, nics=(), oem_strings=OEM, memory=1024)
    assert arguments(parts, machine) == live(*OEM_WORDS)


@pytest.mark.boot
def test_a_stick_starts_under_secure_boot_and_reads_node_args(parts: Parts, iso: Path) -> None:
    stick = Disk(image=config_partition(parts), serial="C", format="raw")
    name = "stick-uefi"
    machine = Machine(
        name=name, firmware="uefi-secure", usb=iso, disks=(stick,), nics=(), memory=1024
    )
    assert arguments(parts, machine) == live("from-file=1", r"quote=\'a", r"b\'")


@pytest.mark.boot_long
@pytest.mark.parametrize("firmware", ["bios", "uefi", "uefi-secure"])
@pytest.mark.parametrize("kind", ["cd", "stick"])
def test_every_firmware_starts_every_medium(
    parts: Parts, iso: Path, firmware: Firmware, kind: str
) -> None:
    cdrom, usb = (iso, None) if kind == "cd" else (None, iso)
    name = f"{kind}-{firmware}-long"
    machine = Machine(name=name, firmware=firmware, cdrom=cdrom, usb=usb, nics=(), memory=1024)
    assert arguments(parts, machine) == live()


@pytest.fixture(scope="session")
def other_iso(parts: Parts) -> Path:
    """A medium with another bundle."""
    slot = Slot(arguments="earlyprintk=ttyS0 panic=0 another-bundle")
    return build_iso(parts.tools, make_bundle(parts, slot, "other"), parts.work / "o.iso", "1.2.3")


@pytest.mark.boot_long
@pytest.mark.parametrize("firmware", ["bios", "uefi-secure"])
@pytest.mark.parametrize("kind", ["cd", "stick"])
def test_another_medium_of_ours_in_the_machine_is_not_mistaken(
    parts: Parts, iso: Path, other_iso: Path, firmware: Firmware, kind: str
) -> None:
    machine = Machine(name=f"two-{kind}-{firmware}", firmware=firmware, nics=(), memory=1024)
    if kind == "stick":
        machine = replace(machine, usb=iso, cdrom=other_iso)
    else:
        other = Disk(image=other_iso, serial="O", format="raw", read_only=True)
        machine = replace(machine, cdrom=iso, boot_cdrom_first=True, disks=(other,))
    assert arguments(parts, machine) == live()


@pytest.mark.boot_long
def test_shim_and_grub_start_from_the_network_under_secure_boot(parts: Parts, pxe: Path) -> None:
    args = format_block("args", "storage_init=/dev/vda", size=None)
    (pxe / "grub/args-52-54-00-00-01-00.cfg").write_bytes(args)
    # Without the ROM of the card: OVMF's own network stack, as real firmware has one.
    nic = Nic(model="virtio-net-pci,romfile=", tftp=pxe, bootfile="shimx64.efi")
    machine = Machine(name="pxe-uefi", firmware="uefi-secure", nics=(nic,), memory=1024)
    bundle_url = "node.bundle=http://10.0.2.2/node.raucb"
    bootif = "BOOTIF=01-52-54-00-00-01-00"
    found = arguments(parts, machine)
    assert found == [bundle_url, *IMAGE, *CONSOLES, bootif, "storage_init=/dev/vda"]


@pytest.mark.boot_long
def test_ipxe_starts_from_the_network_under_bios(parts: Parts, pxe: Path) -> None:
    nic = Nic(tftp=pxe, bootfile="boot.ipxe")
    machine = Machine(name="pxe-bios", nics=(nic,), memory=1024)
    found = arguments(parts, machine)
    url = "node.bundle=http://10.0.2.2/node.raucb"
    assert found == ["initrd=initrd", url, *IMAGE, *CONSOLES, "BOOTIF=01-52-54-00-00-01-00"]


@pytest.fixture(scope="session")
def pxe(parts: Parts, bundle: Path) -> Path:
    boot_folder = parts.work / "pxe-root" / "boot"
    boot_folder.mkdir(parents=True)
    shutil.copyfile(parts.kernel, boot_folder / "vmlinuz")
    (boot_folder / "initrd.img").write_bytes(empty_archive())
    (boot_folder / "initrd-net.img").write_bytes(empty_archive())
    (boot_folder / "node.cfg").write_text(f'set args="{SLOT.arguments}"\n')
    return build_pxe(parts.tools, boot_folder.parent, bundle, parts.work / "pxe")


def config_partition(parts: Parts) -> Path:
    """Return a disk with the file node.args on a FAT filesystem labelled NODE_CONFIG.

    GRUB gives quotes to the kernel with a backslash before them.
    """
    image = parts.work / "config.img"
    image.unlink(missing_ok=True)
    (parts.work / "node.args").write_text(
        "# GRUB Environment Block\nargs=from-file=1 quote='a b'\n"
    )
    run_tool(parts, ["mkfs.vfat", "-n", "NODE_CONFIG", "-C", str(image), "4096"])
    run_tool(parts, ["mcopy", "-i", str(image), str(parts.work / "node.args"), "::/"])
    return image
