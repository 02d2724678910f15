"""What to boot, as a value: firmware, media, network; and QEMU's command line for it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.boot.harness import rootshell

Firmware = Literal["bios", "uefi", "uefi-secure"]
Bus = Literal["virtio", "scsi", "sata", "nvme", "usb"]

OVMF = Path("/usr/share/OVMF")
FIRMWARE_CODE = {"uefi": "OVMF_CODE_4M.fd", "uefi-secure": "OVMF_CODE_4M.secboot.fd"}
FIRMWARE_VARIABLES = {"uefi": "OVMF_VARS_4M.fd", "uefi-secure": "OVMF_VARS_4M.ms.fd"}
OEM_STRINGS_TYPE = 11  # SMBIOS structure "OEM Strings"


@dataclass(frozen=True, kw_only=True)
class Disk:
    """A disk. Only a ``durable`` one keeps what the guest flushed when its power is cut.

    The others are quicker: flushes are passed over, and all is kept as long as QEMU ends by itself.
    """

    image: Path
    serial: str
    bus: Bus = "virtio"
    format: Literal["qcow2", "raw"] = "qcow2"
    read_only: bool = False
    durable: bool = False


@dataclass(frozen=True, kw_only=True)
class Nic:
    """A network card on QEMU's user network: DHCP gives 10.0.2.15, the host is 10.0.2.2."""

    mac: str = "52:54:00:00:01:00"
    model: str = "virtio-net-pci"
    ssh: bool = False  # a free port of 127.0.0.1 leads to port 22 of the guest
    tftp: Path | None = None
    bootfile: str = ""
    restrict: bool = False  # the guest reaches nothing but the forwards


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """A kernel started by QEMU itself instead of a boot loader."""

    image: Path
    initrd: Path
    append: str = ""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine to boot. Disks come before the CD in the boot order, as on a server."""

    name: str
    firmware: Firmware = "bios"
    disks: tuple[Disk, ...] = ()
    cdrom: Path | None = None
    usb: Path | None = None  # a raw image on a USB stick, first in the boot order
    kernel: Kernel | None = None
    nics: tuple[Nic, ...] = (Nic(),)
    memory: int = 2048  # MiB
    processors: int = 2
    cpu: str = "max,la57=off"
    oem_strings: tuple[str, ...] = ()
    boot_cdrom_first: bool = False
    root_shell: bool = False  # see rootshell.py
    extra: tuple[str, ...] = field(default=())  # for what only one test needs: watchdog, TPM


def qemu_argv(machine: Machine, folder: Path, sockets: Path) -> tuple[str, ...]:
    """Return QEMU's command line; logs and firmware variables lie in ``folder``."""
    return (
        "qemu-system-x86_64",
        *_platform(machine, folder),
        *_consoles(folder, sockets),
        *(option for nic in enumerate(machine.nics) for option in _nic(*nic)),
        *(option for disk in enumerate(machine.disks) for option in _disk(machine, *disk)),
        *_removable(machine),
        *_kernel(machine.kernel),
        *(rootshell.devices(sockets) if machine.root_shell else ()),
        *(o for text in _oem_strings(machine) for o in ("-smbios", _smbios(text))),
        *machine.extra,
    )


def _platform(machine: Machine, folder: Path) -> tuple[str, ...]:
    secure = machine.firmware == "uefi-secure"
    options: tuple[str, ...] = (
        *("-name", machine.name),
        *("-machine", f"q35,smm={'on' if secure else 'off'}"),
        *("-accel", "tcg,thread=multi"),
        *("-cpu", machine.cpu),
        *("-smp", str(machine.processors)),
        *("-m", str(machine.memory)),
        *("-nodefaults", "-no-user-config"),
        *("-device", "virtio-rng-pci"),
        *("-rtc", "base=utc"),
        "-S",  # nothing runs before the serial line and the monitor are connected
    )
    if machine.firmware == "bios":
        return options
    code = OVMF / FIRMWARE_CODE[machine.firmware]
    options += ("-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}")
    options += ("-drive", f"if=pflash,unit=1,format=qcow2,file={folder / 'variables.qcow2'}")
    if secure:
        # Without this the guest could write the variables that Secure Boot trusts.
        options += ("-global", "driver=cfi.pflash01,property=secure,value=on")
    return options


def _consoles(folder: Path, sockets: Path) -> tuple[str, ...]:
    serial = f"socket,id=serial0,path={sockets / 'serial'},server=on,wait=off"
    return (
        *("-display", "none", "-vga", "std"),
        *("-device", "qemu-xhci", "-device", "usb-kbd"),
        *("-chardev", f"{serial},logfile={folder / 'serial.log'}", "-serial", "chardev:serial0"),
        *("-qmp", f"unix:{sockets / 'qmp'},server=on,wait=off"),
    )


def _nic(number: int, nic: Nic) -> tuple[str, ...]:
    network = f"user,id=net{number},restrict={'on' if nic.restrict else 'off'}"
    if nic.ssh:
        network += ",hostfwd=tcp:127.0.0.1:0-:22"
    if nic.tftp:
        network += f",tftp={nic.tftp},bootfile={nic.bootfile}"
    return ("-netdev", network, "-device", f"{nic.model},netdev=net{number},mac={nic.mac}")


def _disk(machine: Machine, number: int, disk: Disk) -> tuple[str, ...]:
    name = f"disk{number}"
    cache = "writeback" if disk.durable else "unsafe"
    read_only = ",readonly=on" if disk.read_only else ""
    drive = f"if=none,id={name},file={disk.image},format={disk.format},cache={cache}{read_only}"
    order = number + (3 if machine.boot_cdrom_first else 1)
    tail = f"drive={name},serial={disk.serial},bootindex={order}"
    devices: dict[Bus, tuple[str, ...]] = {
        "virtio": (f"virtio-blk-pci,{tail}",),
        "scsi": (f"virtio-scsi-pci,id=scsi{number}", f"scsi-hd,bus=scsi{number}.0,{tail}"),
        "sata": (f"ide-hd,bus=ide.{number},{tail}",),
        "nvme": (f"nvme,{tail}",),
        "usb": (f"usb-storage,{tail}",),
    }
    return ("-drive", drive, *(o for device in devices[disk.bus] for o in ("-device", device)))


def _removable(machine: Machine) -> tuple[str, ...]:
    options: tuple[str, ...] = ()
    if machine.cdrom:
        drive = f"if=none,id=cdrom,media=cdrom,readonly=on,format=raw,file={machine.cdrom}"
        order = 0 if machine.boot_cdrom_first else len(machine.disks) + 1
        options += ("-drive", drive, "-device", f"ide-cd,bus=ide.5,drive=cdrom,bootindex={order}")
    if machine.usb:
        drive = f"if=none,id=stick,format=raw,snapshot=on,file={machine.usb}"
        device = "usb-storage,drive=stick,serial=STICK1,removable=on,bootindex=0"
        options += ("-drive", drive, "-device", device)
    return options


def _kernel(kernel: Kernel | None) -> tuple[str, ...]:
    if kernel is None:
        return ()
    files = ("-kernel", str(kernel.image), "-initrd", str(kernel.initrd))
    return (*files, "-append", kernel.append)


def _oem_strings(machine: Machine) -> tuple[str, ...]:
    # GRUB can reach the last string only; systemd reads them all.
    shell = rootshell.credentials() if machine.root_shell else ()
    return (*shell, *machine.oem_strings)


def _smbios(text: str) -> str:
    # A comma ends a value on QEMU's command line unless it is doubled.
    return f"type={OEM_STRINGS_TYPE},value={text.replace(',', ',,')}"
