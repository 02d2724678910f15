"""Writing a file so that after any power cut it is there whole, or not there at all."""

import contextlib
import os
from pathlib import Path

TEMPORARY_SUFFIX = ".new"


def write_durably(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write ``content`` to ``path``: write, fsync, rename, fsync of the directory.

    Raises OSError (ENOSPC, EIO, EROFS ...) with nothing changed but perhaps a temporary file, which
    ``remove_leftovers`` takes away.
    """
    temporary = path.with_name(f".{path.name}{TEMPORARY_SUFFIX}")
    try:
        _write_and_sync(temporary, content, mode)
        os.replace(temporary, path)  # noqa: PTH105 - one place, one style: os calls, as they are traced
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_directory(path.parent)


def _write_and_sync(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        os.fchmod(descriptor, mode)
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(path: Path, mode: int = 0o700) -> None:
    """Make ``path`` durably; it may exist."""
    if path.is_dir():
        return
    path.mkdir(mode=mode, exist_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make renames and removals in ``path`` durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(directory: Path) -> None:
    """Remove what a cut left half-written in ``directory``."""
    for path in directory.glob(f".*{TEMPORARY_SUFFIX}"):
        path.unlink(missing_ok=True)
