"""Look at a disk itself: signatures, whether its edges are blank, an installation of ours."""

from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
from msgspec import Struct

from node_tui.plan.layout import CONFIG_TYPE, ESP_TYPE, is_begun_by_us
from node_tui.system import boot_state
from node_tui.system.block import read_device
from node_tui.system.command import run
from node_tui.system.gpt import Entry, read_begun
from node_tui.system.mounts import Mounts
from persist.errors import StepError

EDGE = 2**20
TABLES = frozenset({"gpt", "dos", "PMBR"})
GENERATIONS = ("a/*.tar", "b/*.tar")
PEEK_AT = Path("/run/node/peek")
UNREADABLE = -1
# Saved by the installer; the first boot adds its identity as the second.
FIRST = 1


class Probe(Struct, frozen=True, kw_only=True):
    """What was read from one disk.

    ``signatures``: names that wipefs knows. ``is_blank``: the first and last MiB hold nothing but
    perhaps an empty partition table. ``begun_types``: GPT types, of a torn table too.
    ``generation``: newest generation on a node's Config, 0 for none and for an installation cut
    before its disk could start, -1 when Config cannot be read, None when the disk has no table of
    ours, not even a torn one. ``problem``: why the disk could not be read; nothing else is known.
    """

    signatures: tuple[str, ...] = ()
    is_blank: bool = True
    begun_types: tuple[str, ...] = ()
    generation: int | None = None
    problem: str = ""


class _Signature(Struct):
    type: str = ""


class _Signatures(Struct):
    signatures: tuple[_Signature, ...] = ()


def probe_disk(disk: Path, sector_size: int) -> Probe:
    """Return what lies on ``disk``; nothing is written.

    A disk that cannot be read is told and no error: it must not keep others from being used.
    """
    try:
        signatures = _read_signatures(disk)
        blank = _is_blank(disk, sector_size, has_table=bool(TABLES.intersection(signatures)))
        entries = read_begun(disk, sector_size)
    except StepError as error:
        return Probe(is_blank=False, problem=error.message)
    except OSError as error:
        return Probe(is_blank=False, problem=error.strerror or str(error))
    types = tuple(entry.type for entry in entries)
    return Probe(
        signatures=signatures,
        is_blank=blank and not set(signatures) - TABLES,
        begun_types=types,
        generation=_read_generation(disk, entries) if is_begun_by_us(types) else None,
    )


def _read_signatures(disk: Path) -> tuple[str, ...]:
    told = run(["wipefs", "--json", "--no-act", disk], timeout=30).stdout
    if not told.strip():
        return ()
    found = msgspec.json.decode(told, type=_Signatures).signatures
    return tuple(dict.fromkeys(signature.type for signature in found))


def _is_blank(disk: Path, sector_size: int, *, has_table: bool) -> bool:
    """Tell whether both edges are zero, beside the sectors that an empty table occupies."""
    size = read_device(disk).size
    head = bytearray(_read_at(disk, 0, EDGE))
    tail = bytearray(_read_at(disk, max(size - EDGE, 0), EDGE))
    if has_table:
        head[: 2 * sector_size] = bytes(2 * sector_size)
        tail[-sector_size:] = bytes(sector_size)
    return not any(head) and not any(tail)


def _read_at(disk: Path, offset: int, count: int) -> bytes:
    with disk.open("rb") as device:
        device.seek(offset)
        return device.read(count)


def _read_generation(disk: Path, entries: tuple[Entry, ...]) -> int:
    """Look into Config without changing it, its journal not even replayed.

    By its place on the disk and not by its device: the kernel shows no partitions of a torn table,
    and a torn table may be the damaged one of a node with guests on it.
    """
    config = next((entry for entry in entries if entry.type == CONFIG_TYPE), None)
    if config is None:
        return 0
    try:
        with _peek(disk, config, "ext4", "noload,") as place:
            names = [name for pattern in GENERATIONS for name in place.glob(pattern)]
            newest = max((int(name.stem) for name in names if name.stem.isdigit()), default=0)
    except StepError:
        return UNREADABLE
    return 0 if newest == FIRST and _was_never_bootable(disk, entries) else newest


def _was_never_bootable(disk: Path, entries: tuple[Entry, ...]) -> bool:
    """Tell whether the installation was cut after its config and before its boot state.

    Only what can be read counts: a damaged ESP may be that of a node.
    """
    esp = next((entry for entry in entries if entry.type == ESP_TYPE), None)
    if esp is None:
        return False
    try:
        with _peek(disk, esp, "vfat") as place:
            return boot_state.read(place / boot_state.FOLDER).state is None
    except StepError:
        return False


def _peek(disk: Path, entry: Entry, kind: str, options: str = "") -> AbstractContextManager[Path]:
    place = f"loop,offset={entry.start},sizelimit={entry.size}"
    return Mounts(PEEK_AT).mounted(disk, kind, f"ro,{options}nodev,nosuid,noexec,{place}")
