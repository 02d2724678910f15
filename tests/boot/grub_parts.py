"""Fixtures for tests on the real GRUB: loaders of the target's release, boot files of this tree."""

import os
from pathlib import Path

import pytest

from image.build.bootloader import build_boot_files
from image.build.tools import newest_tools
from persist.errors import DependencyError
from tests.boot.grub_disk import Parts
from tests.conftest import lacks


@pytest.fixture(scope="session")
def parts(rootfs: Path, tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """The boot files as ``image/grub`` says now, the kernel of the newest build."""
    try:
        tools = newest_tools()
    except DependencyError as error:
        lacks(error.message)
    asked = os.environ.get("NODE_TEST_KERNEL")
    work = tmp_path_factory.mktemp("grub").resolve()
    tree = work / "image"
    build_boot_files(tools, tree)
    return Parts(
        tools=tools,
        boot_files=tree / "usr/lib/node",
        kernel=Path(asked) if asked else rootfs / "boot/vmlinuz",
        work=work,
    )
