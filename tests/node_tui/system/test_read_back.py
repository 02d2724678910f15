"""Reading back: exact sizes, errors with a remedy."""

import hashlib
from pathlib import Path

import pytest

from node_tui.system.read_back import CHUNK, checksum
from persist.errors import StepError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder on a filesystem that knows O_DIRECT."""
    return tmp_path


@pytest.mark.parametrize("size", [1, 511, 4096, CHUNK, CHUNK + 4096 + 17])
def test_only_the_asked_bytes_count(folder: Path, size: int) -> None:
    path = folder / "device"
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    path.write_bytes(content + b"\xff" * 8192)
    told: list[float] = []
    found = checksum(path, size, lambda fraction, *_message: told.append(fraction))
    assert found == hashlib.sha256(content).hexdigest()
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_device_that_is_too_small(folder: Path) -> None:
    path = folder / "device"
    path.write_bytes(bytes(4096))
    with pytest.raises(StepError, match="ends at byte 4096, before the image does"):
        checksum(path, 8192, lambda *_told: None)


def test_a_device_that_is_gone(folder: Path) -> None:
    with pytest.raises(StepError, match="cannot be opened for reading back"):
        checksum(folder / "gone", 1, lambda *_told: None)
