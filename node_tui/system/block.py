"""Block devices as the kernel shows them: size, identity in sysfs, partitions, flushing."""

import fcntl
import logging
import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path

from node_tui.system.command import run
from persist.errors import StepError
from persist.translation import _

log = logging.getLogger(__name__)

_BLKFLSBUF = 0x1261
_BLKGETSIZE64 = 0x80081272
_BLKSSZGET = 0x1268
SYSFS = Path("/sys/dev/block")


@dataclass(frozen=True, slots=True)
class Device:
    """A block device: ``size`` and ``sector_size`` in bytes, ``number`` as ``8:0``."""

    path: Path
    size: int
    sector_size: int
    number: str


def read_device(path: Path) -> Device:
    """Return size and number of a block device; StepError when it is none or is gone."""
    try:
        status = path.stat()
        if not stat.S_ISBLK(status.st_mode):
            raise StepError(_("{path} is not a block device").format(path=path))
        with path.open("rb", buffering=0) as device:
            size = struct.unpack("Q", fcntl.ioctl(device, _BLKGETSIZE64, bytes(8)))[0]
            sector = struct.unpack("i", fcntl.ioctl(device, _BLKSSZGET, bytes(4)))[0]
    except OSError as error:
        raise StepError(
            _("{path} cannot be opened: {reason}").format(path=path, reason=error.strerror),
            _("Check that the disk is still attached."),
        ) from None
    number = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    return Device(path, size, sector, number)


def partition_device(disk: Path, number: int) -> Path:
    """Return the device of one partition: below the disk in sysfs, or mapped on it (multipath)."""
    place = SYSFS / read_device(disk).number
    for child in place.glob("*/partition"):
        if int(child.read_text()) == number:
            return Path("/dev") / child.parent.name
    for holder in place.glob("holders/*/dm/uuid"):
        if holder.read_text().startswith(f"part{number}-"):
            return Path("/dev") / holder.parent.parent.name
    raise StepError(
        _("The kernel shows no partition {number} on {disk}").format(number=number, disk=disk),
        _("The partition table was not taken over: is something on this disk still in use?"),
    )


def settle(seconds: int = 120) -> None:
    """Give udev time to deal with what just changed, so that its links are right.

    No more than a courtesy: devices are found in sysfs, and a queue that does not empty may have
    nothing to do with this disk.
    """
    argv = ["udevadm", "settle", f"--timeout={seconds}"]
    done = run(argv, timeout=seconds + 30, accept=(0, 1))
    if done.exit_code:
        log.warning("udev is still busy: %s", done.stderr.strip())


def flush(path: Path) -> None:
    """Write everything of this device out and forget what the kernel remembers of it."""
    try:
        with path.open("rb", buffering=0) as device:
            os.fsync(device.fileno())
            fcntl.ioctl(device, _BLKFLSBUF)
    except OSError as error:
        raise StepError(
            _("{disk} did not take everything that was written: {reason}").format(
                disk=path, reason=error.strerror
            ),
            _("The disk does not keep what is written: look at its health, use another one."),
        ) from error
