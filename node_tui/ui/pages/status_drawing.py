"""Lays the panels of the status page out for a terminal of any size. Pure."""

from node_tui.ui.feed import Snapshot
from node_tui.ui.frame import Panel, column_widths, draw_frame, text_width
from node_tui.ui.lines import Line, take
from node_tui.ui.pages import status_panels as panels
from node_tui.ui.pages.operation_panel import operation_panel
from persist.translation import _

_TWO_COLUMNS = 76
_LINKS_AT_LEAST = 3
_OPERATION_AT_LEAST = 9


def draw_status(
    snapshot: Snapshot, width: int, height: int, *, console: str, notes: tuple[str, ...] = ()
) -> list[Line]:
    """Return the body of the page: ``height`` rows, or more when that is too few."""
    if width < _TWO_COLUMNS:
        return _draw_narrow(snapshot, width, height, console=console, notes=notes)
    left_text = text_width(column_widths(width)[0])
    facts = snapshot.facts
    reach = panels.reach_panel(facts, left_text, console=console)
    system = panels.system_panel(facts)
    if snapshot.operation is not None:
        upper = max(len(reach.lines), len(system.lines))
        rows = max(height - upper - 3, _OPERATION_AT_LEAST)
        bottom = operation_panel(snapshot.operation, width - 4, rows)
        return draw_frame([_filled(reach, upper)], [_filled(system, upper)], bottom, width)
    attention = _attention(snapshot, width - 4, notes)
    right = [system, panels.boot_panel(facts)]
    right_rows = sum(len(panel.lines) + 1 for panel in right) + 1
    reach_rows = len(reach.lines) + 1
    room = height - 3
    least = max(reach_rows + _LINKS_AT_LEAST, right_rows)
    links = len(panels.shown_links(facts)) if facts else 1
    wanted = max(least, min(reach_rows + links, room - len(attention)))
    lower = max(room - wanted, 1)
    guests = _filled(panels.guests_panel(facts), wanted - right_rows + 1)
    return draw_frame(
        [reach, panels.links_panel(facts, left_text, wanted - reach_rows)],
        [*right, guests],
        Panel(_("Attention"), tuple(take(attention, lower, _("{count} more lines")))),
        width,
    )


def _draw_narrow(
    snapshot: Snapshot, width: int, height: int, *, console: str, notes: tuple[str, ...]
) -> list[Line]:
    """One column, as high as it must be; the page scrolls."""
    inner = width - 4
    facts = snapshot.facts
    reach = panels.reach_panel(facts, inner, console=console)
    if snapshot.operation is not None:
        stack = [operation_panel(snapshot.operation, inner, max(height - 2, 8)), reach]
    else:
        links = len(panels.shown_links(facts)) if facts else 1
        stack = [
            Panel(_("Attention"), tuple(_attention(snapshot, inner, notes))),
            reach,
            panels.links_panel(facts, inner, max(links, 1)),
            panels.system_panel(facts),
            panels.boot_panel(facts),
            panels.guests_panel(facts),
        ]
    return draw_frame(stack, (), None, width)


def _attention(snapshot: Snapshot, width: int, notes: tuple[str, ...]) -> list[Line]:
    return panels.attention_lines(panels.attention_items(snapshot, notes=notes), width)


def _filled(panel: Panel, rows: int) -> Panel:
    return Panel(panel.title, tuple(take(panel.lines, rows, "..")))
