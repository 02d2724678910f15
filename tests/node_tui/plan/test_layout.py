"""The layout: sizes, order, minima, and which tables are ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_tui.plan.layout import (
    BIOS_TYPE,
    CONFIG_TYPE,
    DATA_TYPE,
    ESP_TYPE,
    FIXED_MOST,
    GIB,
    LOGGING_TYPE,
    MIB,
    ORDER_WITH_SWAP,
    ORDER_WITHOUT_SWAP,
    SLOT_TYPE,
    Layout,
    Sizes,
    is_begun_by_us,
    is_ours,
    lay_out,
    words,
)
from persist.errors import PlanError

IMAGE = 140 * 10**6


def layout(disk_size: int = 20 * GIB, sector_size: int = 512, **changes: object) -> Layout:
    values: dict[str, object] = {"image_size": IMAGE, "memory": 4 * GIB, **changes}
    return lay_out(disk_size=disk_size, sector_size=sector_size, **values)  # type: ignore[arg-type]


def sizes(made: Layout) -> list[tuple[str, int]]:
    return [(part.label, part.size // MIB) for part in made.partitions]


def test_twenty_gib() -> None:
    assert sizes(layout()) == [
        ("ESP", 128),
        ("BIOS", 1),
        ("Root-A", 384),
        ("Root-B", 384),
        ("Config", 64),
        ("Logging", 2048),
        ("Swap", 1024),
        ("Data", 512),
    ]


def test_numbers_count_and_types_are_in_our_order() -> None:
    made = layout()
    assert [part.number for part in made.partitions] == list(range(1, 9))
    assert is_ours(tuple(part.type for part in made.partitions))


def test_fixed_partitions_fit_their_budget() -> None:
    assert layout().fixed <= FIXED_MOST


def test_four_gb_flash_disk_is_enough_and_has_no_swap() -> None:
    made = layout(4 * 10**9)
    assert made.minimum <= 4 * 10**9
    assert "Swap" not in dict(sizes(made))


def test_4096_byte_sectors_get_the_larger_esp() -> None:
    assert layout(sector_size=4096).by_label("ESP").size == 260 * MIB


def test_slot_follows_a_large_image() -> None:
    assert layout(image_size=300 * 10**6).by_label("Root-A").size == 573 * MIB


def test_asked_sizes_win() -> None:
    made = layout(sizes=Sizes(slot=512 * MIB, logging=GIB, swap=0))
    assert made.by_label("Root-B").size == 512 * MIB
    assert made.by_label("Logging").size == GIB
    with pytest.raises(KeyError):
        made.by_label("Swap")


def test_slot_smaller_than_the_image_is_refused() -> None:
    with pytest.raises(
        PlanError, match=r"install\.slot_size is 100 MiB, the image needs 140\.0 MB"
    ):
        layout(sizes=Sizes(slot=100 * MIB))


def test_tiny_logging_is_refused() -> None:
    with pytest.raises(PlanError, match="Logging of 1 MiB is too small"):
        layout(sizes=Sizes(logging=1))


@given(
    disk_size=st.integers(4 * 10**9, 10**14),
    image_size=st.integers(1, 10**9),
    memory=st.integers(0, 10**13),
    sector_size=st.sampled_from([512, 4096]),
)
def test_every_partition_is_aligned_and_swap_never_pushes_data_out(
    disk_size: int, image_size: int, memory: int, sector_size: int
) -> None:
    made = layout(disk_size, sector_size, image_size=image_size, memory=memory)
    assert all(part.size % MIB == 0 for part in made.partitions)
    assert sum(part.grows for part in made.partitions) == 1
    swap = sum(part.size for part in made.partitions if part.label == "Swap")
    assert swap <= disk_size // 10


@pytest.mark.parametrize(
    ("types", "ours", "begun"),
    [
        (ORDER_WITH_SWAP, True, True),
        (ORDER_WITHOUT_SWAP, True, True),
        (ORDER_WITH_SWAP[:4], False, True),
        ((ESP_TYPE, BIOS_TYPE), False, False),
        ((), False, False),
        ((SLOT_TYPE, ESP_TYPE), False, False),
        ((ESP_TYPE, BIOS_TYPE, SLOT_TYPE, SLOT_TYPE, CONFIG_TYPE, LOGGING_TYPE), False, True),
        ((*ORDER_WITHOUT_SWAP, DATA_TYPE), False, False),
    ],
)
def test_which_tables_are_ours(types: tuple[str, ...], *, ours: bool, begun: bool) -> None:
    assert is_ours(types) is ours
    assert is_begun_by_us(types) is begun


@pytest.mark.parametrize(
    ("size", "text"),
    [(20 * GIB, "20 GiB"), (384 * MIB, "384 MiB"), (480103981056, "480.1 GB"), (17, "17 B")],
)
def test_sizes_in_words(size: int, text: str) -> None:
    assert words(size) == text
