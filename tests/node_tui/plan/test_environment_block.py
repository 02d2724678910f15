"""GRUB's environment block, read as GRUB reads it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from node_tui.plan.environment_block import SIGNATURE, format_block, read_variable

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=100)


@given(words)
@example("a\\b")
@example("a\nb")
@example("\\")
@example("#")
def test_a_value_reads_as_written(value: str) -> None:
    assert read_variable(format_block("args", value, size=None), "args") == value


def test_the_block_of_a_state_has_the_size_grub_expects() -> None:
    block = format_block("state", "0.A.A.good.empty.0")
    assert len(block) == 512
    assert block.startswith(b"# GRUB Environment Block\nstate=0.A.A.good.empty.0\n####")


def test_a_value_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="the block has 512"):
        format_block("state", "x" * 512)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"state=a\nstate=b\n", "b"),
        (b"# state=c\nstate=a\n", "a"),
        (b"other=a\n", None),
        (b"state=a", None),  # no end of line
        (b"state=a\\\n", None),  # its end is hidden
        (b"nonsense\nstate=a\n", None),  # GRUB takes both lines for one name
        (b"state=a\0b\n", "a"),
        (b"", None),
    ],
)
def test_blocks_by_others_read_as_in_grub(content: bytes, value: str | None) -> None:
    assert read_variable(SIGNATURE + content, "state") == value


def test_a_file_without_the_signature_holds_nothing() -> None:
    assert read_variable(b"state=a\n", "state") is None
    assert read_variable(b"", "state") is None


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_fail(content: bytes) -> None:
    read_variable(SIGNATURE + content, "state")
