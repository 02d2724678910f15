"""Read a device as it is on the disk: O_DIRECT goes past everything the kernel remembers."""

import hashlib
import mmap
import os
from pathlib import Path

from persist.errors import StepError
from persist.translation import _
from plugins.api.steps import Progress

CHUNK = 4 * 2**20


def checksum(device: Path, size: int, progress: Progress) -> str:
    """Return the SHA-256, in hex, of the first ``size`` bytes of ``device``."""
    digest = hashlib.sha256()
    left = size
    # O_DIRECT wants memory aligned to pages: an anonymous mapping is.
    with mmap.mmap(-1, CHUNK) as buffer:
        descriptor = _open(device)
        try:
            while left:
                count = os.readv(descriptor, [buffer])
                if not count:
                    raise _too_short(device, size - left)
                used = min(count, left)
                digest.update(buffer[:used])
                left -= used
                progress((size - left) / size)
        except OSError as error:
            raise StepError(
                _("{device} cannot be read back: {reason}").format(
                    device=device, reason=error.strerror
                ),
                _("Look for I/O errors of this disk in the kernel's journal; use another disk."),
            ) from error
        finally:
            os.close(descriptor)
    return digest.hexdigest()


def _open(device: Path) -> int:
    try:
        return os.open(device, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
    except OSError as error:
        raise StepError(
            _("{device} cannot be opened for reading back: {reason}").format(
                device=device, reason=error.strerror
            ),
            _("Check that the disk is still attached."),
        ) from error


def _too_short(device: Path, at: int) -> StepError:
    return StepError(
        _("{device} ends at byte {at}, before the image does").format(device=device, at=at),
        _("The partition is smaller than the image. Install again."),
    )
