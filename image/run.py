"""``./dev run``: boot the built ISO in QEMU with an empty disk, on this terminal."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from persist.errors import DependencyError, NodeError
from persist.translation import _

DIST = Path("dist")
FIRMWARE = Path("/usr/share/OVMF")
MEMORY = "2G"


def has_kvm() -> bool:
    """Tell whether KVM works: /dev/kvm can exist on hosts whose processor lacks virtualisation."""
    flags = Path("/proc/cpuinfo").read_text()
    return os.access("/dev/kvm", os.W_OK) and (" vmx" in flags or " svm" in flags)


def firmware_arguments(state: Path) -> list[str]:
    """Return the arguments for UEFI; its variables are kept in ``state``, so boot entries last."""
    variables = state / "uefi-variables.fd"
    if not variables.exists():
        shutil.copyfile(FIRMWARE / "OVMF_VARS_4M.ms.fd", variables)
    code = FIRMWARE / "OVMF_CODE_4M.secboot.fd"
    return [
        "-machine", "q35,smm=on",
        "-global", "driver=cfi.pflash01,property=secure,value=on",
        "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}",
        "-drive", f"if=pflash,unit=1,format=raw,file={variables}",
    ]  # fmt: skip


def machine_arguments(options: argparse.Namespace, iso: Path, disk: Path) -> list[str]:
    """Return the QEMU command line. Kernel arguments travel as an SMBIOS OEM string."""
    arguments = ["qemu-system-x86_64", "-m", MEMORY, "-smp", "2"]
    arguments += (
        ["-accel", "kvm", "-cpu", "host"]
        if has_kvm()
        else ["-accel", "tcg,thread=multi", "-cpu", "max"]
    )
    arguments += firmware_arguments(disk.parent) if options.uefi else ["-machine", "q35"]
    arguments += [
        "-drive", f"if=none,id=system,format=qcow2,file={disk}",
        "-device", "virtio-blk-pci,drive=system,serial=SYSTEM,bootindex=1",
        "-drive", f"if=none,id=medium,media=cdrom,format=raw,readonly=on,file={iso}",
        "-device", "ide-cd,drive=medium,bootindex=2",
        "-nic", "user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:2222-:22",
        "-device", "virtio-rng-pci",
        "-display", "none", "-serial", "mon:stdio",
    ]  # fmt: skip
    if options.append:
        arguments += ["-smbios", f"type=11,value=node.args:{options.append.replace(',', ',,')}"]
    return arguments


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Parse the command line of ``./dev run``."""
    parser = argparse.ArgumentParser(prog="./dev run", description=__doc__)
    parser.add_argument(
        "--disk", default="20G", help="size of the empty disk, kept in dist/run/ (20G)"
    )
    parser.add_argument("--append", default="", help="kernel arguments for the live system")
    firmware = parser.add_mutually_exclusive_group()
    firmware.add_argument("--uefi", action="store_true", help="UEFI with Secure Boot")
    firmware.add_argument("--bios", action="store_true", help="BIOS (the default)")
    return parser.parse_args(argv)


def prepare_machine(options: argparse.Namespace) -> list[str]:
    """Return the command line of a machine with the newest ISO and a disk that stays between runs.

    Raises NodeError when no ISO was built, DependencyError without QEMU.
    """
    iso, disk = DIST / "node.iso", DIST / "run" / "disk.qcow2"
    if not iso.exists():
        raise NodeError(_("{iso} is missing").format(iso=iso), _("Build it with: ./dev image"))
    if shutil.which("qemu-system-x86_64") is None:
        raise DependencyError("qemu", _("QEMU is missing"), _("Install qemu-system-x86"))
    disk.parent.mkdir(exist_ok=True)
    if not disk.exists():
        make_disk(disk, options.disk)
    return machine_arguments(options, iso, disk)


def main(argv: list[str] | None = None) -> int:
    """Boot the newest ISO; a node installed onto the disk boots again at the next run."""
    options = parse_arguments(argv)
    try:
        arguments = prepare_machine(options)
    except NodeError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stderr.write(_("Booting. Ctrl-A X ends the machine; its disk stays in dist/run/.\n"))
    os.execvp(arguments[0], arguments)  # noqa: S606 - no shell; the terminal becomes the machine's
    return 0


def make_disk(disk: Path, size: str) -> None:
    """Make an empty qcow2 disk of ``size`` (as QEMU writes sizes: 20G)."""
    from image.build.host import run  # noqa: PLC0415 - only the first run needs the builder

    run(["qemu-img", "create", "-q", "-f", "qcow2", str(disk), size], step="disk")


if __name__ == "__main__":
    sys.exit(main())
