"""How the tests boot this product: its medium, its kernel arguments, its credentials."""

import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from image.build.cache import cached_folder, input_hash
from tests.boot.harness.disks import make_disk
from tests.boot.harness.machine import Disk, Firmware, Machine, Nic
from tests.boot.harness.running import Running, boot
from tests.boot.harness.serial import ConsoleTimeoutError
from tests.boot.harness.ssh import Identity, SshClient, make_identity

HOSTNAME = "node1.example.com"
SERIAL = "SYSTEM1"
PASSWORD = "correct horse"  # noqa: S105 - of machines that live for minutes
PASSWORD_HASH = "$6$nodetests$cMG66lXegY/dsK9mkn2E.Jcg9eu9.2kt8V4XPwuXiPz4WXmZAJa5A.alBGk4JumX0x6F0AeghqW.ftj3cs2tX0"  # noqa: S105, E501
# Under emulation on two busy cores a boot takes one to three minutes; these only end a hang.
BOOT_TIMEOUT = 420.0
INSTALL_TIMEOUT = 900.0
STATUS_PAGE = "Reach this node"


@dataclass(frozen=True)
class Installed:
    """A disk that an unattended installation left, switched off before its first own boot.

    ``seconds`` from power-on of the live medium to the reboot; ``shown`` the different lines that
    the virtual terminal showed, in their order; ``told`` the transcript of the serial line.
    """

    disk: Path
    variables: Path | None
    seconds: float
    shown: tuple[str, ...]
    told: str


def identity() -> Identity:
    """Return the key pair of the tests; it stays, because kept installations trust it."""
    return make_identity(cached_folder("test-identity", "1", lambda folder: folder.mkdir()))


def install_arguments(*more: str, disk: str = "/dev/vda") -> str:
    """Return the kernel arguments of an unattended installation."""
    key = identity().public
    words = (
        f"storage_init={disk}" if disk else "storage_init",
        "BOOTIF=link",
        f"hostname={HOSTNAME}",
        f"adminpw={PASSWORD_HASH}",
        f'node.security.authorized_keys.0="{key}"',
    )
    return " ".join((*words, *more))


def live_machine(
    dist: Path, name: str, *, firmware: Firmware = "bios", arguments: str = "", **parts: object
) -> Machine:
    """Return a machine with the ISO in its drive; arguments travel as an SMBIOS string."""
    settings: dict[str, object] = {
        "cdrom": dist / "node.iso",
        "nics": (Nic(ssh=True),),
        "root_shell": True,
        "oem_strings": (f"node.args:{arguments}",) if arguments else (),
    }
    return Machine(name=name, firmware=firmware, **(settings | parts))  # type: ignore[arg-type]


def installed_machine(name: str, disk: Path, *, firmware: Firmware, **parts: object) -> Machine:
    """Return the machine that boots an installed disk, without the medium."""
    settings: dict[str, object] = {
        "disks": (Disk(image=disk, serial=SERIAL),),
        "nics": (Nic(ssh=True),),
        "root_shell": True,
    }
    return Machine(name=name, firmware=firmware, **(settings | parts))  # type: ignore[arg-type]


def ssh_client(machine: Running) -> SshClient:
    """Return an SSH client that has the admin's key."""
    return SshClient(port=machine.ssh_port, identity=identity())


def install(dist: Path, firmware: Firmware) -> Installed:
    """Return a fresh installation, kept by the hash of medium, arguments and firmware."""
    with (dist / "node.iso").open("rb") as stream:
        medium = hashlib.file_digest(stream, "sha256").hexdigest()
    key = input_hash(medium, install_arguments(), firmware)
    folder = cached_folder(
        f"installed-{firmware}", key, lambda folder: _install(dist, firmware, folder)
    )
    kept = json.loads((folder / "install.json").read_text())
    variables = folder / "variables.qcow2"
    return Installed(
        disk=folder / "disk.qcow2",
        variables=variables if variables.exists() else None,
        seconds=kept["seconds"],
        shown=tuple(kept["shown"]),
        told=kept["told"],
    )


def _install(dist: Path, firmware: Firmware, folder: Path) -> None:
    folder.mkdir()
    disk = Disk(image=make_disk(folder / "disk.qcow2"), serial=SERIAL)
    machine = live_machine(
        dist, f"install-{firmware}", firmware=firmware, arguments=install_arguments(), disks=(disk,)
    )
    began = time.monotonic()
    with boot(machine, folder) as vm:
        # The installer reboots by itself; its disk is wanted as it is at that moment.
        vm.qmp.execute("set-action", reboot="shutdown")
        shown = watch_until_off(vm, timeout=INSTALL_TIMEOUT)
        seconds = round(time.monotonic() - began, 1)
        kept = {"seconds": seconds, "shown": shown, "told": vm.serial.transcript}
    (folder / "install.json").write_text(json.dumps(kept, indent=1))


def watch_until_off(vm: Running, *, timeout: float) -> list[str]:
    """Collect what the virtual terminal shows until the machine switches itself off."""
    shown: dict[str, None] = {}
    deadline = time.monotonic() + timeout
    while vm.process.poll() is None:
        try:
            shown |= dict.fromkeys(line for line in vm.screen().splitlines() if line.strip())
        except (OSError, RuntimeError):
            break  # it went off between two looks
        if time.monotonic() > deadline:
            picture = vm.save_picture("stuck")
            raise ConsoleTimeoutError(
                f"not installed after {timeout:.0f} s ({picture}); the console showed:\n"
                + "\n".join(list(shown)[-60:])
                + f"\nthe serial line ends:\n{vm.serial.tail()}"
            )
        time.sleep(1)
    return list(shown)


def copy_installed(installed: Installed, folder: Path) -> None:
    """Give a machine in ``folder`` the firmware variables of the installation."""
    folder.mkdir(parents=True, exist_ok=True)
    if installed.variables:
        shutil.copyfile(installed.variables, folder / "variables.qcow2")


def await_boot_complete(vm: Running) -> None:
    """Wait until the checks passed and the slot was marked; an error after five minutes."""
    vm.root.run(
        "until systemctl is-active --quiet boot-complete.target; do sleep 1; done",
        timeout=BOOT_TIMEOUT,
    )
