"""The lines of generations: ``/config/a/000041.tar``, one line a slot, numbers global over both.

The newest file of a line that verifies is current: there is no pointer that could be torn, and
damage to one generation never touches another.
"""

import contextlib
import errno
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from persist.errors import StepError
from persist.sizes import Size
from persist.store.durable import make_directory, remove_leftovers, sync_directory, write_durably
from persist.store.files import StoredFile
from persist.store.generation import (
    LARGEST,
    DamagedGenerationError,
    Generation,
    pack_generation,
    read_generation,
)
from persist.store.lock import config_lock
from persist.translation import _

Slot = Literal["A", "B"]
SLOTS: tuple[Slot, Slot] = ("A", "B")
KEPT = 5


@dataclass(frozen=True)
class Skipped:
    """A generation that does not verify, and why."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return _("{path} is not used: {reason}").format(path=self.path, reason=self.reason)


def line_dir(config_dir: Path, slot: Slot) -> Path:
    """Return where the generations of ``slot`` lie."""
    return config_dir / slot.lower()


def list_generations(config_dir: Path, slot: Slot) -> list[Path]:
    """Return the generations of a slot, newest first, damaged ones too."""
    try:
        paths = list(line_dir(config_dir, slot).iterdir())
    except OSError:
        return []
    numbered = [path for path in paths if path.suffix == ".tar" and path.stem.isdecimal()]
    return sorted(numbered, key=lambda path: int(path.stem), reverse=True)


def find_generation(config_dir: Path, slot: Slot) -> tuple[Generation | None, tuple[Skipped, ...]]:
    """Return the newest generation of ``slot`` that verifies, and those passed over on the way."""
    skipped: list[Skipped] = []
    for path in list_generations(config_dir, slot):
        try:
            return read_generation(path), tuple(skipped)
        except DamagedGenerationError as reason:
            skipped.append(Skipped(path, str(reason)))
    return None, tuple(skipped)


def newest_generation(config_dir: Path, slot: Slot) -> Generation | None:
    """Return the newest generation of ``slot`` that verifies."""
    return find_generation(config_dir, slot)[0]


def save_generation(
    config_dir: Path,
    slot: Slot,
    node_toml: str,
    files: Sequence[StoredFile] = (),
    meta: Mapping[str, Any] | None = None,
) -> int:
    """Write a new generation durably and return its number; older ones beyond five go.

    Raises StepError when the partition is full, read-only or broken; then the old one still counts.
    """
    try:
        with config_lock(config_dir):
            return _save(config_dir, slot, node_toml, tuple(files), dict(meta or {}))
    except OSError as reason:
        raise _not_written(config_dir, reason) from reason


def _save(
    config_dir: Path,
    slot: Slot,
    node_toml: str,
    files: tuple[StoredFile, ...],
    meta: dict[str, Any],
) -> int:
    directory = line_dir(config_dir, slot)
    make_directory(directory)
    remove_leftovers(directory)
    number = _next_number(config_dir)
    generation = Generation(
        number=number,
        slot=slot,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        node_toml=node_toml,
        files=files,
        meta=meta,
    )
    packed = pack_generation(generation)
    if len(packed) > LARGEST:
        raise StepError(
            _("the config was not saved to {place}: it would be larger than {most}").format(
                place=config_dir, most=Size(LARGEST)
            ),
            _("The previous config still counts: unpersist what is large, or many small files."),
        )
    path = directory / f"{number:06d}.tar"
    try:
        _write_new(path, packed)
    except OSError as reason:
        if reason.errno != errno.ENOSPC or not _make_room(config_dir, slot, len(packed)):
            raise
        _write_new(path, packed)
    _prune(config_dir, slot)
    return number


def _write_new(path: Path, packed: bytes) -> None:
    """Write durably; what is reported as not saved must not count at the next boot."""
    try:
        write_durably(path, packed)
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def _make_room(config_dir: Path, slot: Slot, size: int) -> bool:
    """Drop what is older than the current generation, when that gives ``size`` bytes."""
    current = newest_generation(config_dir, slot)
    paths = list_generations(config_dir, slot)
    older = [path for path in paths if current is not None and int(path.stem) < current.number]
    gained = sum(path.stat().st_size for path in older)
    if not older or shutil.disk_usage(config_dir).free + gained < size:
        return False
    for path in older:
        path.unlink(missing_ok=True)
    sync_directory(line_dir(config_dir, slot))
    return True


def _next_number(config_dir: Path) -> int:
    newest = [int(path.stem) for slot in SLOTS for path in list_generations(config_dir, slot)[:1]]
    return max(newest, default=0) + 1


def _prune(config_dir: Path, slot: Slot) -> None:
    superfluous = list_generations(config_dir, slot)[KEPT:]
    for path in superfluous:
        path.unlink(missing_ok=True)
    if superfluous:
        sync_directory(line_dir(config_dir, slot))


def _not_written(config_dir: Path, reason: OSError) -> StepError:
    hints = {
        errno.ENOSPC: _("The Config partition is full: unpersist what is large."),
        errno.EROFS: _("The Config partition is read-only: its file system or disk has errors."),
        errno.EIO: _("The disk reports errors: replace it."),
    }
    return StepError(
        _("the config was not saved to {place}: {reason}").format(
            place=config_dir, reason=reason.strerror
        ),
        hints.get(reason.errno or 0, _("The previous config still counts.")),
    )
