"""The disk layout of a node: partitions, their GPT types, sizes and the computed minimum."""

from dataclasses import dataclass
from typing import Literal

from persist.errors import PlanError
from persist.translation import _

MIB = 2**20
GIB = 2**30

# One type a role, ours where the standard has none that we may claim: systemd-repart matches by
# type and order, and nothing else on a disk may be mistaken for a node's slot.
ESP_TYPE = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
BIOS_TYPE = "21686148-6449-6e6f-744e-656564454649"
SLOT_TYPE = "4c1b8e9a-7f8e-4d1c-9d3c-6e6f64650001"
CONFIG_TYPE = "4c1b8e9a-7f8e-4d1c-9d3c-6e6f64650002"
LOGGING_TYPE = "4c1b8e9a-7f8e-4d1c-9d3c-6e6f64650003"
DATA_TYPE = "4c1b8e9a-7f8e-4d1c-9d3c-6e6f64650004"
SWAP_TYPE = "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"

ORDER_WITH_SWAP = (
    ESP_TYPE,
    BIOS_TYPE,
    SLOT_TYPE,
    SLOT_TYPE,
    CONFIG_TYPE,
    LOGGING_TYPE,
    SWAP_TYPE,
    DATA_TYPE,
)
ORDER_WITHOUT_SWAP = tuple(kind for kind in ORDER_WITH_SWAP if kind != SWAP_TYPE)
OUR_OWN_TYPES = frozenset({SLOT_TYPE, CONFIG_TYPE, LOGGING_TYPE, DATA_TYPE})

ESP, BIOS, ROOT_A, ROOT_B, CONFIG = "ESP", "BIOS", "Root-A", "Root-B", "Config"
LOGGING, SWAP, DATA = "Logging", "Swap", "Data"

ESP_SIZE = 128 * MIB
# FAT32 needs 65525 clusters, and a cluster is at least one sector: 256 MiB on 4096-byte sectors.
ESP_SIZE_4K = 260 * MIB
BIOS_SIZE = 1 * MIB
SLOT_SIZE_LEAST = 384 * MIB
CONFIG_SIZE = 64 * MIB
LOGGING_SIZE = 2 * GIB
LOGGING_LEAST = 64 * MIB
# mkfs.xfs refuses less than 300 MiB; half a GiB lets a 4 GB flash disk still be a node.
DATA_LEAST = 512 * MIB
SWAP_LEAST = 512 * MIB
SWAP_MOST = 8 * GIB
# GPT and the first alignment gap before the first partition, the backup table behind the last.
EDGES = 2 * MIB
FIXED_MOST = 1 * GIB

Format = Literal["", "vfat", "ext4", "xfs", "swap"]


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition to make; ``size`` in bytes, for the one that ``grows`` the least it may be."""

    number: int
    label: str
    type: str
    size: int
    format: Format = ""
    grows: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """All partitions of a system disk, in order of number and of place."""

    partitions: tuple[Partition, ...]
    sector_size: int = 512

    @property
    def minimum(self) -> int:
        """Return the bytes that a disk needs at least to hold this."""
        return sum(partition.size for partition in self.partitions) + EDGES

    @property
    def fixed(self) -> int:
        """Return the bytes of what the product itself occupies: ESP, BIOS, slots, Config."""
        product = {ESP, BIOS, ROOT_A, ROOT_B, CONFIG}
        return sum(part.size for part in self.partitions if part.label in product)

    def by_label(self, label: str) -> Partition:
        """Return the partition called ``label``; KeyError when this layout has none."""
        for partition in self.partitions:
            if partition.label == label:
                return partition
        raise KeyError(label)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes in bytes that somebody asked for; None = ours. ``swap`` 0 = no swap."""

    slot: int | None = None
    config: int | None = None
    logging: int | None = None
    swap: int | None = None
    data: int | None = None


def lay_out(
    *, disk_size: int, sector_size: int, image_size: int, memory: int, sizes: Sizes | None = None
) -> Layout:
    """Return the layout for a disk; all sizes in bytes. Raises PlanError on sizes that cannot be.

    Whether the disk is large enough is for the caller to say (``Layout.minimum``): only it knows
    the disk's name.
    """
    asked = sizes or Sizes()
    slot = _slot_size(asked.slot, image_size)
    logging = _up(LOGGING_SIZE if asked.logging is None else asked.logging)
    if logging < LOGGING_LEAST:
        raise PlanError(
            _("Logging of {size} is too small").format(size=words(logging)),
            _("Ask for at least {least} in install.logging_size.").format(
                least=words(LOGGING_LEAST)
            ),
        )
    esp = ESP_SIZE_4K if sector_size > 512 else ESP_SIZE
    swap = _swap_size(asked.swap, disk_size=disk_size, memory=memory)
    rows: list[tuple[str, str, int, Format]] = [
        (ESP, ESP_TYPE, esp, "vfat"),
        (BIOS, BIOS_TYPE, BIOS_SIZE, ""),
        (ROOT_A, SLOT_TYPE, slot, ""),
        (ROOT_B, SLOT_TYPE, slot, ""),
        (CONFIG, CONFIG_TYPE, _up(asked.config or CONFIG_SIZE), "ext4"),
        (LOGGING, LOGGING_TYPE, logging, "ext4"),
    ]
    if swap:
        rows.append((SWAP, SWAP_TYPE, swap, "swap"))
    rows.append((DATA, DATA_TYPE, _up(asked.data or DATA_LEAST), "xfs"))
    partitions = tuple(
        Partition(number, label, kind, size, made, grows=label == DATA and asked.data is None)
        for number, (label, kind, size, made) in enumerate(rows, start=1)
    )
    return Layout(partitions, sector_size)


def _slot_size(asked: int | None, image_size: int) -> int:
    if asked is None:
        return _up(max(SLOT_SIZE_LEAST, 2 * image_size))
    if asked < image_size:
        raise PlanError(
            _("install.slot_size is {size}, the image needs {need}").format(
                size=words(asked), need=words(image_size)
            ),
            _("Leave install.slot_size out, or ask for at least twice the image."),
        )
    return _up(asked)


def _swap_size(asked: int | None, *, disk_size: int, memory: int) -> int:
    """Return the swap in bytes, 0 for none.

    Unasked it is a quarter of the memory, 1 to 8 GiB, and never more than a tenth of the disk: swap
    gives guests' cold pages a place, it must not eat the disk of a small node.
    """
    if asked is not None:
        return _up(asked)
    size = min(max(memory // 4, GIB), SWAP_MOST, disk_size // 10)
    return size // MIB * MIB if size >= SWAP_LEAST else 0


def is_ours(types: tuple[str, ...]) -> bool:
    """Tell whether these GPT types, in order of number, are a table that we wrote."""
    return types in (ORDER_WITH_SWAP, ORDER_WITHOUT_SWAP)


def is_begun_by_us(types: tuple[str, ...]) -> bool:
    """Tell whether these GPT types are the beginning of a table of ours, cut by a power loss.

    At least one must be a type that nobody but us uses: ESP and BIOS alone begin many tables.
    """
    if not OUR_OWN_TYPES.intersection(types):
        return False
    return types in (ORDER_WITH_SWAP[: len(types)], ORDER_WITHOUT_SWAP[: len(types)])


def words(size: int) -> str:
    """Return a size in bytes as people write it: GiB or MiB for a small multiple, else GB."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB")):
        if unit <= size < 10_000 * unit and size % unit == 0:
            return f"{size // unit} {name}"
    for power, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= power:
            return f"{size / power:.1f} {name}"
    return f"{size} B"


def _up(size: int) -> int:
    """Round up to whole MiB: every partition starts aligned then."""
    return -(-size // MIB) * MIB
