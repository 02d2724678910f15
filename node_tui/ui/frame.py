"""Draws panels into one frame whose lines join: two columns of panels above a full-width one. Pure.

Textual's own borders stand beside each other; at 80x24 a shared line is a row won.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len

from node_tui.ui.lines import Line, Span, cut, fit


@dataclass(frozen=True)
class Panel:
    """A titled part of the frame; its lines are cut to the width of its column."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class _Edge:
    """The row above a panel, with the panel's title in it."""

    title: str


_Row = _Edge | Line

# (the left column has an edge here, the right column has one) -> how the middle line joins them
_MIDDLE = {(False, False): "│", (True, False): "┤", (False, True): "├", (True, True): "┼"}


def column_widths(width: int) -> tuple[int, int]:
    """Return the inner widths of the two columns of a frame that is ``width`` cells wide."""
    left = (width - 3) * 53 // 100
    return left, width - 3 - left


def text_width(inner: int) -> int:
    """Return how wide a line of a column may be: one space on each side."""
    return max(inner - 2, 1)


def draw_frame(
    left: Sequence[Panel], right: Sequence[Panel], bottom: Panel | None, width: int
) -> list[Line]:
    """Return the frame's rows, each exactly ``width`` cells.

    Without ``right`` the left column takes the whole width. The columns should be equally high; a
    shorter one is filled with blank rows.
    """
    drawn = _draw_columns(left, right, width) if right else _draw_single(left, width)
    joint = column_widths(width)[0] if right else None
    if bottom is not None:
        drawn.append(_edge_row("├", bottom.title, "┤", width, joint, "┴"))
        drawn += [_framed(row, width - 2) for row in bottom.lines]
        joint = None
    drawn.append(_edge_row("└", "", "┘", width, joint, "┴"))
    return drawn


def _rows(panels: Sequence[Panel]) -> list[_Row]:
    rows: list[_Row] = []
    for panel in panels:
        rows += [_Edge(panel.title), *panel.lines]
    return rows


def _draw_single(panels: Sequence[Panel], width: int) -> list[Line]:
    drawn: list[Line] = []
    for row in _rows(panels):
        if isinstance(row, _Edge):
            ends = "├┤" if drawn else "┌┐"
            drawn.append(_edge_row(ends[0], row.title, ends[1], width, None, ""))
        else:
            drawn.append(_framed(row, width - 2))
    return drawn


def _draw_columns(left: Sequence[Panel], right: Sequence[Panel], width: int) -> list[Line]:
    left_width, right_width = column_widths(width)
    drawn: list[Line] = []
    empty: Line = ()
    for left_row, right_row in zip_longest(_rows(left), _rows(right), fillvalue=empty):
        edges = (isinstance(left_row, _Edge), isinstance(right_row, _Edge))
        first, middle, last = "├" if edges[0] else "│", _MIDDLE[edges], "┤" if edges[1] else "│"
        if not drawn:
            first, middle, last = "┌", "┬", "┐"
        drawn.append(
            (
                Span(first, "frame"),
                *_column(left_row, left_width),
                Span(middle, "frame"),
                *_column(right_row, right_width),
                Span(last, "frame"),
            )
        )
    return drawn


def _column(row: _Row, inner: int) -> Line:
    return _titled(row.title, inner) if isinstance(row, _Edge) else _inset(row, inner)


def _titled(title: str, inner: int) -> Line:
    if not title or inner < 6:
        return (Span("─" * inner, "frame"),)
    title = cut(title, inner - 4)
    rest = "─" * (inner - 3 - cell_len(title))
    return (Span("─ ", "frame"), Span(title, "title"), Span(" " + rest, "frame"))


def _inset(row: Line, inner: int) -> Line:
    return (Span(" "), *fit(row, inner - 2), Span(" "))


def _framed(row: Line, inner: int) -> Line:
    return (Span("│", "frame"), *_inset(row, inner), Span("│", "frame"))


def _edge_row(
    first: str, title: str, last: str, width: int, joint: int | None, joint_glyph: str
) -> Line:
    """Return a full-width edge; ``joint`` is the cell after the first where a column ends."""
    drawn = _titled(title, width - 2)
    if joint is not None:
        drawn = _with_joint(drawn, joint, joint_glyph)
    return (Span(first, "frame"), *drawn, Span(last, "frame"))


def _with_joint(edge: Line, cell: int, glyph: str) -> Line:
    """Put ``glyph`` at ``cell`` of the edge's last span, when it is not below the title."""
    *head, tail = edge
    at = cell - sum(cell_len(span.text) for span in head)
    if not 0 <= at < len(tail.text) or tail.text[at] != "─":
        return edge
    return (*head, Span(tail.text[:at] + glyph + tail.text[at + 1 :], tail.tone))
