"""The units of an installed disk, on loop devices that stand for its partitions.

Inside a container systemd knows no devices and therefore waits for none; that a live node does not
wait either, and that udev makes the links, is seen in QEMU.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.container.harness.container import Container, boot

pytestmark = pytest.mark.container

PARTITIONS = {
    "config": ("64M", ("mkfs.ext4", "-q")),
    "logging": ("256M", ("mkfs.ext4", "-q")),
    "data": ("1G", ("mkfs.xfs", "-q")),
}
MOUNTS = "var-log.mount data.mount var-lib-libvirt.mount etc-libvirt-qemu.mount"


def call(*argv: str | Path) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def partitions(folder: Path) -> Iterator[tuple[str, ...]]:
    """Make the filesystems; yields the options that bind them to /dev/node inside."""
    loops: dict[str, str] = {}
    try:
        for name, (size, mkfs) in PARTITIONS.items():
            call("truncate", "--size", size, folder / name)
            call(*mkfs, folder / name)
            loops[name] = call("losetup", "--find", "--show", folder / name)
        yield tuple(f"--bind={device}:/dev/node/{name}" for name, device in loops.items())
    finally:
        for device in loops.values():
            call("losetup", "--detach", device)


@pytest.fixture(scope="module")
def installed(
    rootfs: Path, swept: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    """A container that becomes an installed node after its start, as the generator sees it."""
    with partitions(tmp_path_factory.mktemp("disk")) as options, boot(rootfs, options=options) as c:
        c.await_started()
        c.run("touch", "/run/node/installed")
        c.run("systemctl", "daemon-reload")
        c.run("sh", "-c", "systemctl stop 'libvirtd*' systemd-journal-flush.service")
        c.run("systemctl", "start", *MOUNTS.split(), "config.mount")
        yield c


@pytest.mark.parametrize(
    ("place", "source", "options"),
    [
        ("/config", "/dev/node/config", "rw,nosuid,nodev,noexec"),
        ("/var/log", "/dev/node/logging", "rw,nosuid,nodev,noexec"),
        ("/data", "/dev/node/data", "rw,nosuid,nodev"),
        ("/var/lib/libvirt", "/dev/node/data[/libvirt/lib]", "rw,nosuid,nodev"),
        ("/etc/libvirt/qemu", "/dev/node/data[/libvirt/qemu]", "rw,nosuid,nodev"),
    ],
)
def test_mounts(installed: Container, place: str, source: str, options: str) -> None:
    found = installed.run("findmnt", "--noheadings", "--output", "SOURCE,OPTIONS", place).split()
    assert found[0] == source
    assert found[1].startswith(options)


def test_libvirt_lives_on_data(installed: Container) -> None:
    installed.run("systemctl", "start", "libvirtd.socket")
    assert "default" in installed.run("virsh", "-c", "qemu:///system", "net-list", "--all")
    owner = installed.run("stat", "-c", "%U %a", "/data/libvirt/lib/qemu").strip()
    assert owner == "libvirt-qemu 750"


def test_the_journal_moves_to_the_disk(installed: Container) -> None:
    installed.run("systemctl", "start", "systemd-journal-flush.service")
    machine = installed.run("cat", "/etc/machine-id").strip()
    assert "system.journal" in installed.run("ls", f"/var/log/journal/{machine}")


def test_without_data_libvirt_stays_down_and_the_boot_goes_on(rootfs: Path, swept: None) -> None:
    with boot(rootfs) as node:
        node.await_started()
        node.run("touch", "/run/node/installed")
        node.run("systemctl", "daemon-reload")
        node.run("sh", "-c", "systemctl stop 'libvirtd*'")
        assert node.attempt("systemctl", "start", "local-fs.target").returncode == 0
        assert node.attempt("systemctl", "start", "libvirtd.socket").returncode != 0
        assert node.run("systemctl", "is-active", "local-fs.target").strip() == "active"
        assert node.attempt("systemctl", "is-active", "node-repair.target").returncode != 0
