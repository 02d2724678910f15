"""Lines of text for a character screen: spans with a tone, cut and padded by cells. Pure.

A line never carries a control character: what a daemon, a DHCP server or a disk calls itself is
shown, never obeyed. Widths are cells, so Chinese text stays inside its frame.
"""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, chop_cells, set_cell_size

from persist.translation import current_language

Tone = Literal["plain", "title", "frame", "good", "bad", "warn", "key", "cursor"]

CUT = ".."
# Glyphs in every console font met so far: the kernel's cp437 and Debian's PSF fonts (measured).
BOX = "─│┌┐└┘├┤┬┴┼═║╔╗╚╝╠╣╦╩╬"
SAFE_GLYPHS = frozenset([chr(code) for code in range(0x20, 0x7F)]) | frozenset(BOX + "•")


@dataclass(frozen=True)
class Span:
    """A piece of a line in one tone."""

    text: str
    tone: Tone = "plain"


Line = tuple[Span, ...]


def printable(text: str) -> str:
    """Return ``text`` with every character that a console cannot show replaced by ``?``.

    Marks that stand above other letters count as such: terminals disagree about their width.
    """
    wide = current_language() != "en"
    return "".join(
        char if char in SAFE_GLYPHS or (wide and char.isprintable() and cell_len(char)) else "?"
        for char in text
    )


def line(*parts: str | Span) -> Line:
    """Make a line of plain strings and spans."""
    spans = (Span(part) if isinstance(part, str) else part for part in parts)
    return tuple(Span(printable(span.text), span.tone) for span in spans)


def text_of(spans: Iterable[Span]) -> str:
    """Return the characters of a line without its tones."""
    return "".join(span.text for span in spans)


def width_of(spans: Iterable[Span]) -> int:
    """Return the width of a line in cells."""
    return sum(cell_len(span.text) for span in spans)


def cut(text: str, cells: int) -> str:
    """Return ``text``, or its beginning and ``..`` when it is wider than ``cells``."""
    if cell_len(text) <= cells:
        return text
    if cells <= len(CUT):
        return set_cell_size(text, max(cells, 0))
    return set_cell_size(text, cells - len(CUT)).rstrip() + CUT


def cut_middle(text: str, cells: int) -> str:
    """Return ``text`` without its middle when it is too wide: both ends of an address tell more."""
    if cell_len(text) <= cells:
        return text
    tail = max((cells - len(CUT)) // 2, 0)
    return cut(text, cells - tail) + text[len(text) - tail :]


def pad(text: str, cells: int) -> str:
    """Return ``text`` cut or filled with spaces to exactly ``cells``."""
    return set_cell_size(cut(text, cells), cells)


def fit(spans: Line, cells: int) -> Line:
    """Return the line cut or filled with spaces to exactly ``cells``."""
    missing = cells - width_of(spans)
    if missing >= 0:
        return (*spans, Span(" " * missing)) if missing else spans
    fitted: list[Span] = []
    left = cells
    for span in spans:
        if cell_len(span.text) > left - len(CUT):
            fitted.append(Span(pad(span.text + CUT, left), span.tone))
            break
        fitted.append(span)
        left -= cell_len(span.text)
    return tuple(fitted)


def spread(left: Line, right: Line, cells: int) -> Line:
    """Return one line with ``left`` at its beginning and ``right`` at its end.

    The right side is the state; it stays whole, and the left side is cut.
    """
    right = fit(right, min(width_of(right), cells))
    return (*fit(left, cells - width_of(right)), *right)


def wrap(text: str, cells: int, *, rows: int = 3) -> list[str]:
    """Return ``text`` as at most ``rows`` lines of ``cells``; the last is cut when more is left.

    Chinese has no spaces to break at, so what does not break at words is broken at cells.
    """
    wrapped: list[str] = []
    for row in textwrap.wrap(text, max(cells, 1), break_long_words=False) or [""]:
        wrapped += chop_cells(row, max(cells, 1)) if cell_len(row) > cells else [row]
    if len(wrapped) <= rows:
        return wrapped
    return [*wrapped[: rows - 1], cut(" ".join(wrapped[rows - 1 :]), cells)]


def chop(text: str, cells: int) -> list[str]:
    """Return a value that has no words (a fingerprint, an address) in rows of ``cells``."""
    return chop_cells(text, max(cells, 1)) or [""]


def bar(fraction: float, cells: int) -> str:
    """Return a progress bar of ``cells``: ``####----``."""
    filled = round(min(max(fraction, 0.0), 1.0) * cells)
    return "#" * filled + "-" * (cells - filled)


def take(lines: Sequence[Line], rows: int, more: str) -> list[Line]:
    """Return ``rows`` lines: all and blanks, or the first ones and ``more`` with ``{count}``."""
    if len(lines) <= rows:
        return [*lines, *[()] * (rows - len(lines))]
    if rows <= 0:
        return []
    hidden = len(lines) - rows + 1
    return [*lines[: rows - 1], line(more.format(count=hidden))]
