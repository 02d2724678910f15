"""One container serves the whole tier: what it boots is the built image, unchanged."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import lacks
from tests.container.harness.container import Container, boot, sweep_leftovers

CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21}  # linux/capability.h


@pytest.fixture(scope="session", autouse=True)
def privileges() -> None:
    """Root may do here what these tests need; inside of a container it often may not."""
    status = Path("/proc/self/status").read_text()
    held = int(status.split("CapEff:")[1].split()[0], 16)
    missing = [name for name, bit in CAPABILITIES.items() if not held >> bit & 1]
    if missing:
        lacks(f"root has no {' and no '.join(missing)} here")
    if not os.access("/dev/loop-control", os.W_OK):
        lacks("/dev/loop-control is missing: no loop devices here")


@pytest.fixture(scope="session")
def swept() -> None:
    """Say what an earlier, killed run left behind, and remove it."""
    for name in sweep_leftovers():
        print(f"removed the leftover container {name}")  # noqa: T201 - for the test log


@pytest.fixture(scope="session")
def node(rootfs: Path, swept: None) -> Iterator[Container]:
    """The booted root filesystem, all start jobs done."""
    with boot(rootfs, arguments="hostname=node1.example.com") as container:
        container.await_started()
        yield container
