"""Text in cells: cut, padded, wrapped, stripped of what a console must not see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from node_tui.ui import lines
from node_tui.ui.lines import Span, line, text_of


@pytest.mark.parametrize(
    ("text", "cells", "shown"),
    [
        ("node1", 8, "node1   "),
        ("node1.example.com", 8, "node1..."),
        ("abcdef", 5, "abc.."),
        ("abc", 2, "ab"),
        ("\u8282\u70b9\u63a7\u5236\u53f0", 7, "\u8282\u70b9.. "),
    ],
)
def test_pad_fills_or_cuts_to_exactly_the_cells(text: str, cells: int, shown: str) -> None:
    assert lines.pad(text, cells) == shown
    assert cell_len(lines.pad(text, cells)) == cells


def test_cut_middle_keeps_both_ends_of_an_address() -> None:
    shown = lines.cut_middle("2001:db8:85a3:1234:5678:8a2e:370:7334/64", 18)
    assert shown == "2001:db8..:7334/64"


@given(st.text(), st.integers(0, 120))
def test_cut_middle_never_exceeds_the_cells(text: str, cells: int) -> None:
    assert cell_len(lines.cut_middle(lines.printable(text), cells)) <= cells


@given(st.lists(st.text(), max_size=4), st.integers(0, 90))
def test_fit_gives_exactly_the_cells(texts: list[str], cells: int) -> None:
    fitted = lines.fit(line(*texts), cells)
    assert lines.width_of(fitted) == cells


@given(st.text(), st.integers(4, 80), st.integers(1, 4))
def test_wrap_stays_within_rows_and_cells(text: str, cells: int, rows: int) -> None:
    wrapped = lines.wrap(lines.printable(text), cells, rows=rows)
    assert 1 <= len(wrapped) <= rows
    assert all(cell_len(row) <= cells for row in wrapped)


def test_a_value_cannot_send_escape_sequences_to_the_terminal() -> None:
    shown = text_of(line("evil\x1b[2J\x07\x9bname\u2026"))
    assert shown == "evil?[2J??name?"


def test_chinese_is_kept_when_the_user_reads_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_LANG", "zh_CN")
    assert lines.printable("\u5065\u5eb7\x1b") == "\u5065\u5eb7?"


def test_the_state_at_the_right_is_never_cut() -> None:
    shown = text_of(lines.spread(line("x" * 100), line(Span("DEGRADED"), "  07:31 "), 40))
    assert shown.endswith("..DEGRADED  07:31 ")
    assert len(shown) == 40


@pytest.mark.parametrize(
    ("fraction", "drawn"), [(0, "----"), (0.5, "##--"), (1, "####"), (-3, "----"), (9, "####")]
)
def test_bar(fraction: float, drawn: str) -> None:
    assert lines.bar(fraction, 4) == drawn


def test_take_counts_what_does_not_fit() -> None:
    rows = lines.take([line(str(number)) for number in range(9)], 4, "{count} more")
    assert [text_of(row) for row in rows] == ["0", "1", "2", "6 more"]


def test_chinese_opens_no_way_for_what_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_LANG", "zh_CN")
    shown = lines.printable("\u8282\u70b9 a\u0301\u202eb\u200d\x1b\x9b\ue000")
    assert shown == "\u8282\u70b9 a??b????"
