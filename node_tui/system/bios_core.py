"""GRUB for BIOS written into a GPT disk: boot.img into the MBR, core.img into the BIOS partition.

This does what grub-bios-setup does for this one layout, from images made at build time, so that the
node carries no GRUB tools. Source: grub-core/boot/i386/pc/{boot,diskboot}.S and
include/grub/i386/pc/boot.h of GRUB 2.12.
"""

import os
import struct
from pathlib import Path

from node_tui.plan.layout import BIOS_TYPE
from node_tui.system.gpt import Entry, read_table
from persist.errors import StepError, VerificationError
from persist.translation import _

SECTOR = 512

# What lies in the MBR beside the code: the parameter block of a filesystem, then disk signature and
# partition table. Ours is the code only.
KEPT = (slice(0x03, 0x5A), slice(0x1B8, 0x1FE))
KERNEL_SECTOR = 0x5C  # 64-bit number of the sector that boot.img loads
DRIVE_CHECK = slice(0x66, 0x68)  # a jump that would trust the drive number of a floppy's BIOS
NO_OPERATION = b"\x90\x90"
SIGNATURE = slice(0x1FE, 0x200)

# The first sector of core.img loads the others; its list of blocks stands at its end: first sector
# (64 bit), count and segment to load to (16 bit each).
BLOCK_LIST = 0x1F4
REST_SEGMENT = 0x820


def embed(disk: Path, boot_img: Path, core_img: Path) -> None:
    """Make ``disk`` (512-byte sectors, GPT with a BIOS partition) start GRUB on BIOS machines.

    The core is written and read back before the MBR points to it. Raises StepError before any
    write when the layout does not fit, VerificationError when the disk does not keep the bytes.
    """
    place = _bios_partition(disk)
    core = _linked_core(core_img.read_bytes(), place, core_img)
    first = place.start // SECTOR
    descriptor = os.open(disk, os.O_RDWR | os.O_CLOEXEC)
    try:
        boot = _merged_mbr(boot_img.read_bytes(), os.pread(descriptor, SECTOR, 0), first)
        _write(descriptor, core, place.start, disk)
        _write(descriptor, boot, 0, disk)
    except OSError as error:
        raise StepError(
            _("GRUB for BIOS cannot be written to {disk}: {reason}").format(
                disk=disk, reason=error.strerror
            ),
            _("Look for I/O errors of this disk in the kernel's journal, then install again."),
        ) from error
    finally:
        os.close(descriptor)


def _bios_partition(disk: Path) -> Entry:
    for entry in read_table(disk, SECTOR):
        if entry.type == BIOS_TYPE:
            return entry
    raise StepError(
        _("{disk} has no BIOS boot partition").format(disk=disk),
        _("Install again: the installer makes one on every disk."),
    )


def _linked_core(core: bytes, place: Entry, source: Path) -> bytes:
    """Return core.img in whole sectors, its list of blocks pointing behind its first sector."""
    linked = bytearray(core) + bytes(-len(core) % SECTOR)
    if len(linked) > place.size:
        raise StepError(
            _("{source} needs {need} bytes, the BIOS boot partition has {room}").format(
                source=source, need=len(linked), room=place.size
            ),
            _("Install again with the layout of this release."),
        )
    sectors = len(linked) // SECTOR
    first = place.start // SECTOR
    struct.pack_into("<QHH", linked, BLOCK_LIST, first + 1, sectors - 1, REST_SEGMENT)
    return bytes(linked)


def _merged_mbr(boot: bytes, present: bytes, core_sector: int) -> bytes:
    """Return boot.img with what must stay of the ``present`` MBR."""
    if len(boot) != SECTOR:
        raise StepError(
            _("boot.img has {size} bytes, not {sector}").format(size=len(boot), sector=SECTOR),
            _("The image is damaged: fetch it again and check its signature."),
        )
    merged = bytearray(boot)
    for kept in KEPT:
        merged[kept] = present[kept]
    struct.pack_into("<Q", merged, KERNEL_SECTOR, core_sector)
    merged[DRIVE_CHECK] = NO_OPERATION
    merged[SIGNATURE] = b"\x55\xaa"
    return bytes(merged)


def _write(descriptor: int, content: bytes, offset: int, disk: Path) -> None:
    """Write ``content`` durably and compare it with what the disk gives back."""
    os.pwrite(descriptor, content, offset)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, offset, len(content), os.POSIX_FADV_DONTNEED)
    if os.pread(descriptor, len(content), offset) != content:
        raise VerificationError(
            _("{disk} does not give back what was written at byte {offset}").format(
                disk=disk, offset=offset
            ),
            _("Replace this disk."),
        )
