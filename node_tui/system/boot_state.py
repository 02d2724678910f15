"""The two copies of the boot state on the ESP: read, changed, repaired, never both at once at risk.

GRUB writes them too, so their size and place never change: a change is one write of 512 bytes into
the older copy, then a read back. ``node_tui.plan.boot_state`` says what the words mean.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from node_tui.plan.boot_state import (
    BootState,
    newest_copy,
    parse_word,
    rebuilt_state,
)
from node_tui.plan.environment_block import STATE_SIZE, format_block, read_variable
from node_tui.system.mounts import Mounts
from persist.errors import StepError, VerificationError
from persist.translation import _
from plugins.api.facts import SlotName

FOLDER = "grub"
NAMES = ("state0", "state1")
VARIABLE = "state"
ESP_DEVICE = Path("/dev/node/esp")
MOUNT_BASE = Path("/run/node")
LOCK = Path("/run/node/boot-state.lock")
# More than any block: GRUB reads what there is, and so must we to come to the same answer.
MOST = 65536


@dataclass(frozen=True, slots=True)
class Copies:
    """The two copies as GRUB would see them; None stands for one that is damaged or missing."""

    first: BootState | None
    second: BootState | None

    @property
    def state(self) -> BootState | None:
        """Return the state that counts, None when there is none."""
        newest = newest_copy(self.first, self.second)
        return None if newest is None else (self.first, self.second)[newest]

    @property
    def damaged(self) -> tuple[str, ...]:
        """Return the names of the copies that are not whole."""
        copies = zip(NAMES, (self.first, self.second), strict=True)
        return tuple(name for name, copy in copies if copy is None)


def read(folder: Path) -> Copies:
    """Read both copies in ``folder``, GRUB's folder on the ESP."""
    first, second = (_read_copy(folder / name) for name in NAMES)
    return Copies(first, second)


def create(folder: Path, state: BootState) -> None:
    """Write both copies of a new ESP; durable when this returns."""
    for name in NAMES:
        _write_copy(folder / name, state)


def write(folder: Path, change: Callable[[BootState], BootState]) -> BootState:
    """Change the state and return the new one; the copy that counted until now is not touched.

    ``change`` takes the present state. Nothing is written when it returns the same. Raises
    StepError when no copy is whole, VerificationError when the new one does not read back.
    """
    copies = read(folder)
    current = copies.state
    if current is None:
        raise _no_state()
    wanted = change(current)
    if wanted == current:
        return current
    wanted = wanted.next_copy()
    newest = newest_copy(copies.first, copies.second)
    older = NAMES[0] if newest == 1 else NAMES[1]
    _write_copy(folder / older, wanted)
    _expect(folder, wanted)
    return wanted


def repair(folder: Path, booted: SlotName) -> tuple[str, ...]:
    """Make both copies whole and return the names of those that were not.

    A damaged copy gets the content of the whole one. When both are damaged, the state is made anew
    from the fact that ``booted`` runs.
    """
    copies = read(folder)
    damaged = list(copies.damaged)
    state = copies.state or rebuilt_state(booted)
    damaged += [name for name in NAMES if name not in damaged and _has_wrong_size(folder / name)]
    for name in damaged:
        _write_copy(folder / name, state)
    if damaged:
        _expect(folder, state)
    return tuple(sorted(damaged))


class BootStateStore:
    """The boot state on this machine's ESP, mounted only while it is looked at.

    One lock for the engine and RAUC's backend: two writers would each take the other's copy for
    the older one.
    """

    def __init__(
        self,
        device: Path = ESP_DEVICE,
        mount_base: Path = MOUNT_BASE,
        lock: Path = LOCK,
    ) -> None:
        self._device = device
        self._mounts = Mounts(mount_base)
        self._lock = lock

    def read(self) -> Copies:
        """Read both copies."""
        with self._folder("ro") as folder:
            return read(folder)

    def change(self, change: Callable[[BootState], BootState]) -> BootState:
        """Change the state durably and return the new one; see ``write``."""
        with self._folder("rw") as folder:
            return write(folder, change)

    def repair(self, booted: SlotName) -> tuple[str, ...]:
        """Make both copies whole and return the names of those that were not; see ``repair``."""
        if not self._needs_repair():
            return ()
        with self._folder("rw") as folder:
            return repair(folder, booted)

    def _needs_repair(self) -> bool:
        """Look without writing: mounting a FAT for writing already changes it."""
        with self._folder("ro") as folder:
            sizes = [_has_wrong_size(folder / name) for name in NAMES]
            return any(sizes) or bool(read(folder).damaged)

    @contextmanager
    def _folder(self, access: str) -> Iterator[Path]:
        options = f"{access},umask=0077,noexec,nosuid,nodev"
        with locked(self._lock), self._mounts.mounted(self._device, "vfat", options) as esp:
            yield esp / FOLDER


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``; waits for its holder, whose death frees it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read_copy(path: Path) -> BootState | None:
    try:
        with path.open("rb") as stream:
            word = read_variable(stream.read(MOST), VARIABLE)
    except OSError:
        # An unreadable copy is a damaged copy; repair says what the disk says when it fails too.
        return None
    return None if word is None else parse_word(word)


def _has_wrong_size(path: Path) -> bool:
    return not path.is_file() or path.stat().st_size != STATE_SIZE


def _write_copy(path: Path, state: BootState) -> None:
    """Write 512 bytes in place, in one durable write; then drop them from the page cache.

    In place, because rename is not atomic on FAT and GRUB can only overwrite. A file that is
    missing or of another size is made first: such a copy counts for nothing.
    """
    block = format_block(VARIABLE, str(state))
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_DSYNC | os.O_CLOEXEC, 0o600)
        try:
            resize = os.fstat(descriptor).st_size != STATE_SIZE
            if resize:
                os.ftruncate(descriptor, STATE_SIZE)
            os.pwrite(descriptor, block, 0)
            if resize:
                os.fsync(descriptor)
                _sync_folder(path.parent)
            os.posix_fadvise(descriptor, 0, STATE_SIZE, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StepError(
            _("The boot state {path} cannot be written: {reason}").format(
                path=path, reason=error.strerror
            ),
            _("Check the system disk (nodectl logs, SMART): it may have become read-only."),
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _expect(folder: Path, wanted: BootState) -> None:
    found = read(folder).state
    if found != wanted:
        raise VerificationError(
            _("The boot state reads back as {found}, not as {wanted}").format(
                found=found, wanted=wanted
            ),
            _("The system disk loses writes. Replace it before the next upgrade."),
        )


def _no_state() -> StepError:
    return StepError(
        _("Neither copy of the boot state on the ESP is whole"),
        _("Reboot: the engine makes a new one from what runs. If it comes back, replace the disk."),
    )
