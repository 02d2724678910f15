"""Read GUID partition tables straight from a disk, torn ones too (UEFI specification 2.10, 5.3)."""

import os
import struct
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path

from persist.errors import VerificationError
from persist.translation import _

_HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
_ENTRY = struct.Struct("<16s16sQQQ72s")
_SIGNATURE = b"EFI PART"
_MOST_ENTRIES = 128
_UNUSED = bytes(16)


@dataclass(frozen=True, slots=True)
class Entry:
    """One partition: ``type`` and ``uuid`` in lower case, ``start`` and ``size`` in bytes."""

    number: int
    type: str
    uuid: str
    label: str
    start: int
    size: int


def read_table(disk: Path, sector_size: int) -> tuple[Entry, ...]:
    """Return the partitions of the primary table; VerificationError when it is none or torn."""
    with disk.open("rb", buffering=0) as device:
        entries = _read_checked(device.fileno(), sector_size, 1)
    if entries is None:
        raise VerificationError(
            _("{disk} has no valid partition table (GPT)").format(disk=disk),
            _("Look for I/O errors of this disk in the kernel's journal, then install again."),
        )
    return entries


def read_begun(disk: Path, sector_size: int) -> tuple[Entry, ...]:
    """Return the partitions of a table whose primary header may be missing or torn.

    Entries are written before the headers, and the backup before the primary: after a power loss
    either may be there alone.
    """
    with disk.open("rb", buffering=0) as device:
        descriptor = device.fileno()
        last = os.lseek(descriptor, 0, os.SEEK_END) // sector_size - 1
        entries = _read_checked(descriptor, sector_size, 1)
        if entries is None:
            entries = _read_checked(descriptor, sector_size, last)
        if entries is None:
            raw = os.pread(descriptor, _MOST_ENTRIES * _ENTRY.size, 2 * sector_size)
            entries = _parse_entries(raw, _ENTRY.size, sector_size)
    return entries


def _read_checked(descriptor: int, sector_size: int, lba: int) -> tuple[Entry, ...] | None:
    """Return the entries behind the header at ``lba``; None unless both checksums are right."""
    raw = os.pread(descriptor, sector_size, lba * sector_size)
    if len(raw) < _HEADER.size or not raw.startswith(_SIGNATURE):
        return None
    fields = _HEADER.unpack_from(raw)
    length, checksum = fields[2], fields[3]
    entries_lba, count, size, entries_checksum = fields[10:14]
    if not _HEADER.size <= length <= sector_size or size < _ENTRY.size or count * size > 2**20:
        return None
    if zlib.crc32(raw[:16] + bytes(4) + raw[20:length]) != checksum:
        return None
    table = os.pread(descriptor, count * size, entries_lba * sector_size)
    if zlib.crc32(table) != entries_checksum:
        return None
    return _parse_entries(table, size, sector_size)


def _parse_entries(raw: bytes, entry_size: int, sector_size: int) -> tuple[Entry, ...]:
    found = []
    for index in range(len(raw) // entry_size):
        kind, unique, first, last, _attributes, name = _ENTRY.unpack_from(raw, index * entry_size)
        if kind == _UNUSED:
            continue
        found.append(
            Entry(
                number=index + 1,
                type=str(uuid.UUID(bytes_le=kind)),
                uuid=str(uuid.UUID(bytes_le=unique)),
                label=name.decode("utf-16-le", "replace").split("\0")[0],
                start=first * sector_size,
                size=(last - first + 1) * sector_size,
            )
        )
    return tuple(found)
