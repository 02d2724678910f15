"""One container serves the whole tier: what it boots is the built image, unchanged."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.harness.container import Container, boot, sweep_leftovers


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
