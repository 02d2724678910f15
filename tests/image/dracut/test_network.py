"""Arguments of old and new become files for networkd: golden cases, one folder each.

``network/NAME/cmdline`` is the command line, ``network/NAME/expected`` all files that come of it.
"""

from pathlib import Path

import pytest

from tests.image.dracut.shell import NET, Initramfs

CASES = Path(__file__).parent / "network"


def written(folder: Path) -> str:
    """Return all files of ``folder`` as one text."""
    return "".join(f"== {path.name}\n{path.read_text()}" for path in sorted(folder.iterdir()))


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_files_for_networkd(initramfs: Initramfs, case: str) -> None:
    initramfs.command_line((CASES / case / "cmdline").read_text().strip())
    done = initramfs.run("write_networks", NET / "network.sh")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert written(initramfs.folder / "networks") == (CASES / case / "expected").read_text()


@pytest.mark.parametrize(
    ("netmask", "prefix"),
    [
        ("255.255.255.0", 24),
        ("255.255.254.0", 23),
        ("255.255.255.252", 30),
        ("128.0.0.0", 1),
        ("22", 22),
    ],
)
def test_netmasks(initramfs: Initramfs, netmask: str, prefix: int) -> None:
    assert initramfs.run(f"prefix_of {netmask}", NET / "network.sh").stdout == f"{prefix}\n"


def test_what_is_no_netmask_is_named(initramfs: Initramfs) -> None:
    assert initramfs.run("prefix_of 255.255.253.1", NET / "network.sh").returncode == 1
    assert initramfs.failure[0] == "netmask=255.255.253.1 is no netmask."


def test_no_address_is_told_with_the_links(initramfs: Initramfs) -> None:
    initramfs.stub("udevadm", "exit 0")
    initramfs.stub("systemctl", "exit 0")
    initramfs.stub(
        "networkctl",
        "printf '1 lo loopback carrier unmanaged\\n2 ens3 ether no-carrier configuring\\n'",
    )
    initramfs.run("network_up", NET / "network.sh")
    assert initramfs.failure[0] == "No link got an address: ens3 no-carrier; "
