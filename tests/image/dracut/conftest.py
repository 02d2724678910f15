"""A small initramfs for each test."""

from pathlib import Path

import pytest

from tests.image.dracut.shell import Initramfs


@pytest.fixture
def initramfs(tmp_path: Path) -> Initramfs:
    return Initramfs(tmp_path)
