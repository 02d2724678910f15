"""Lays the panels of the status page out for a terminal of any size. Pure."""

from node_tui.ui.feed import Snapshot
from node_tui.ui.frame import Panel, column_widths, draw_frame, text_width
from node_tui.ui.lines import Line, take
from node_tui.ui.pages import status_panels as panels
from node_tui.ui.pages.operation_panel import operation_panel
from persist.translation import _
from plugins.api.events import Operation
from plugins.api.facts import Facts

_TWO_COLUMNS = 76
_LINKS_AT_LEAST = 3
_OPERATION_AT_LEAST = 9


def draw_status(
    snapshot: Snapshot, width: int, height: int, *, console: str, notes: tuple[str, ...] = ()
) -> list[Line]:
    """Return the body of the page: ``height`` rows, or more when that is too few."""
    if width < _TWO_COLUMNS:
        return _draw_narrow(snapshot, width, height, console=console, notes=notes)
    left_width = text_width(column_widths(width)[0])
    reach = panels.reach_panel(snapshot.facts, left_width, console=console)
    if snapshot.operation is not None:
        return _draw_operation(snapshot, snapshot.operation, reach, width, height)
    current = current_facts(snapshot)
    right = [panels.system_panel(current), panels.boot_panel(snapshot.facts)]
    right_rows = sum(len(panel.lines) + 1 for panel in right) + 1
    reach_rows = len(reach.lines) + 1
    attention = _attention(snapshot, width - 4, notes)
    room = height - 3
    least = max(reach_rows + _LINKS_AT_LEAST, right_rows)
    upper = max(least, min(reach_rows + _link_count(current), room - len(attention)))
    below = take(attention, max(room - upper, 1), _("{count} more lines"))
    guests = _filled(panels.guests_panel(current), upper - right_rows + 1)
    links = panels.links_panel(current, left_width, upper - reach_rows)
    attention_panel = Panel(_("Attention"), tuple(below))
    return draw_frame([reach, links], [*right, guests], attention_panel, width)


def current_facts(snapshot: Snapshot) -> Facts | None:
    """Return the facts that may be shown as true now: with a dead engine none are."""
    return None if snapshot.problem else snapshot.facts


def _draw_operation(
    snapshot: Snapshot, operation: Operation, reach: Panel, width: int, height: int
) -> list[Line]:
    system = panels.system_panel(current_facts(snapshot))
    upper = max(len(reach.lines), len(system.lines))
    rows = max(height - upper - 3, _OPERATION_AT_LEAST)
    bottom = operation_panel(operation, width - 4, rows)
    return draw_frame([_filled(reach, upper)], [_filled(system, upper)], bottom, width)


def _link_count(facts: Facts | None) -> int:
    return max(len(panels.shown_links(facts)), 1) if facts is not None else 1


def _draw_narrow(
    snapshot: Snapshot, width: int, height: int, *, console: str, notes: tuple[str, ...]
) -> list[Line]:
    """One column, as high as it must be; the page scrolls."""
    inner = width - 4
    current = current_facts(snapshot)
    reach = panels.reach_panel(snapshot.facts, inner, console=console)
    if snapshot.operation is not None:
        stack = [operation_panel(snapshot.operation, inner, max(height - 2, 8)), reach]
    else:
        stack = [
            Panel(_("Attention"), tuple(_attention(snapshot, inner, notes))),
            reach,
            panels.links_panel(current, inner, _link_count(current)),
            panels.system_panel(current),
            panels.boot_panel(snapshot.facts),
            panels.guests_panel(current),
        ]
    return draw_frame(stack, (), None, width)


def _attention(snapshot: Snapshot, width: int, notes: tuple[str, ...]) -> list[Line]:
    return panels.attention_lines(panels.attention_items(snapshot, notes=notes), width)


def _filled(panel: Panel, rows: int) -> Panel:
    return Panel(panel.title, tuple(take(panel.lines, rows, "..")))
