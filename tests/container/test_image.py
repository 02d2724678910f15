"""What is inside the image loads, and nothing of the build machine is inside."""

import json
import re
from pathlib import Path

import pytest

from tests.container.harness.container import Container

pytestmark = pytest.mark.container
INSIDE = Path(__file__).with_name("inside")

# One module stands for a driver family (boot.md); most servers sold in ten years start with these.
DRIVERS = (
    "nvme", "ahci", "megaraid_sas", "mpt3sas", "smartpqi", "hpsa", "qla2xxx", "lpfc", "ixgbe",
    "i40e", "ice", "bnxt_en", "bnx2x", "mlx5_core", "tg3", "vfio-pci", "virtio_net", "virtio_blk",
    "virtio_scsi", "virtio_pci", "igb", "e1000e", "usb-storage", "xhci-pci", "kvm-intel", "kvm-amd",
    "softdog", "bonding", "8021q", "bridge", "dm-verity", "overlay", "squashfs", "tun", "vhost_net",
)  # fmt: skip
# Drivers that do nothing without the firmware they load.
NEEDS_FIRMWARE = ("qla2xxx", "bnx2x", "tg3", "ice")


def assert_no_faults(node: Container, script: str) -> None:
    """Run one of our scripts with the image's own Python; it prints faults, one a line."""
    found = node.run("/usr/bin/python3", "-", given=(INSIDE / script).read_text(), timeout=600)
    if found:
        pytest.fail(found, pytrace=False)


def test_every_elf_resolves(node: Container) -> None:
    assert_no_faults(node, "elf_resolves.py")


def test_every_python_module_imports(node: Container) -> None:
    assert_no_faults(node, "python_imports.py")


def modules(rootfs: Path) -> dict[str, Path]:
    """Return module name (with underscores) -> file, built-in ones mapped to the list itself."""
    (folder,) = (rootfs / "usr/lib/modules").iterdir()
    found = {
        re.sub(r"\.ko.*", "", path.name).replace("-", "_"): path for path in folder.rglob("*.ko*")
    }
    builtin = folder / "modules.builtin"
    for line in builtin.read_text().split():
        found[Path(line).stem.replace("-", "_")] = builtin
    return found


@pytest.mark.parametrize("driver", DRIVERS)
def test_driver_is_there(rootfs: Path, driver: str) -> None:
    assert driver.replace("-", "_") in modules(rootfs)


@pytest.mark.parametrize("driver", NEEDS_FIRMWARE)
def test_firmware_is_there(node: Container, rootfs: Path, driver: str) -> None:
    (kernel,) = (path.name for path in (rootfs / "usr/lib/modules").iterdir())
    wanted = node.run("modinfo", "-k", kernel, "-F", "firmware", driver).split()
    firmware = rootfs / "usr/lib/firmware"
    there = [name for name in wanted if list(firmware.glob(f"{name}*"))]
    assert wanted, f"{driver} names no firmware"
    assert there, f"of {wanted} nothing is in the image"


@pytest.mark.parametrize("vendor", ["GenuineIntel", "AuthenticAMD"])
def test_microcode_is_loaded_early(rootfs: Path, vendor: str) -> None:
    """The kernel takes it from an uncompressed archive before the initramfs, by this very name."""
    with (rootfs / "boot/initrd.img").open("rb") as stream:
        assert f"kernel/x86/microcode/{vendor}.bin".encode() in stream.read(2**25)


SEALED = (
    "etc/ssh/ssh_host_*", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed",
    "var/lib/NetworkManager/*", "var/lib/dhcp/*", "var/log/**/*.log", "var/log/journal/*",
    "var/cache/apt/archives/*.deb", "var/lib/apt/lists/*_*", "root/.bash_history", "root/.ssh/*",
    "etc/resolv.conf.*", "etc/hostid", "etc/iscsi/initiatorname.iscsi",
)  # fmt: skip


@pytest.mark.parametrize("pattern", SEALED)
def test_sealed(rootfs: Path, pattern: str) -> None:
    assert [path for path in rootfs.glob(pattern) if path.is_file()] == []


def test_no_machine_id(rootfs: Path) -> None:
    machine_id = rootfs / "etc/machine-id"
    assert not machine_id.exists() or machine_id.read_text() in {"", "uninitialized\n"}


def test_root_is_locked(rootfs: Path) -> None:
    hashes = dict(line.split(":")[:2] for line in (rootfs / "etc/shadow").read_text().splitlines())
    assert hashes["root"].startswith(("!", "*"))
    assert [name for name, word in hashes.items() if word == ""] == []


def test_the_manifest_names_the_packages(node: Container) -> None:
    manifest = json.loads(node.run("cat", "/usr/lib/node/manifest.json"))
    names = json.dumps(manifest["packages"])
    assert "systemd" in names
    assert manifest["key"] in {"development", "release"}
