"""Sizes: MB and MiB mean what they say, and what is written reads back exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persist.sizes import Size, format_size, parse_size


@given(st.integers(0, 2**60))
def test_a_written_size_reads_back(size: int) -> None:
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8MiB", 8 * 2**20),
        ("8MB", 8 * 10**6),
        ("8M", 8 * 10**6),
        ("200G", 200 * 10**9),
        ("1.5GiB", 3 * 2**29),
        ("4 kB", 4000),
        ("512", 512),
        ("0", 0),
        ("2tib", 2**41),
    ],
)
def test_units(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1", "8QB", "8 M B", "1,5G", "0x10", "1e9", "٣MB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)


def test_half_a_byte() -> None:
    with pytest.raises(ValueError, match="whole number of bytes"):
        parse_size("1.0005kB")


def test_a_size_is_a_number_that_prints_itself() -> None:
    size = Size(8 * 2**20)
    assert (f"{size}", str(size), repr(size)) == ("8MiB", "8MiB", "Size('8MiB')")
    assert (f"{size:>9d}", size + 1) == ("  8388608", 8388609)
