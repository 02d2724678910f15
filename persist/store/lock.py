"""One writer of /config at a time; the lock dies with its holder, however that ends."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from persist.errors import StepError
from persist.translation import _

_NAME = ".lock"
_PAUSE = 0.05


@contextlib.contextmanager
def config_lock(config_dir: Path, wait: float = 10.0) -> Iterator[None]:
    """Hold the writer's lock; after ``wait`` seconds raise StepError naming the holder."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(config_dir / _NAME, flags, 0o600)
    try:
        _acquire(descriptor, wait)
        # Only for the error text of others: a full partition must not keep the lock from those who
        # make room.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise _busy(descriptor) from None
            time.sleep(_PAUSE)
        else:
            return


def _busy(descriptor: int) -> StepError:
    holder = os.pread(descriptor, 32, 0).decode(errors="replace") or "?"
    return StepError(
        _("the config is being written by process {holder}").format(holder=holder),
        _("Wait for it to end and try again."),
    )
