"""Long work of the engine as a panel: steps, a bar, the last line; or what failed."""

from node_tui.ui.frame import Panel
from node_tui.ui.lines import Line, Span, Tone, bar, cut, line, pad, wrap
from persist.translation import _
from plugins.api.events import Event, Operation

_STATE = 7


def operation_panel(operation: Operation, width: int, rows: int) -> Panel:
    """Return the operation in exactly ``rows`` rows; the step at work always stays in view."""
    failed = operation.state == "failed"
    tail = _failure_lines(operation, width) if failed else [_last_line(operation, width)]
    below = [(), _bar_line(operation, width), *tail]
    told = _events_by_step(operation)
    steps = [_step_line(step, events, operation, width) for step, events in told]
    begun = [row for row, (_step, events) in enumerate(told) if events]
    shown = _window(steps, begun[-1] if begun else 0, max(rows - len(below), 0))
    lines = [*shown, *below][:rows]
    return Panel(operation.title, (*lines, *[()] * (rows - len(lines))))


def _events_by_step(operation: Operation) -> list[tuple[str, list[Event]]]:
    """Return every step, in words, with its events.

    Steps are sentences, and events carry the names of steps, of which two may be the same: so the
    order of their beginnings tells which step is meant, and later events mean the last one.
    """
    told: list[tuple[str, list[Event]]] = [(step, []) for step in operation.steps]
    row_of: dict[str, int] = {}
    for event in operation.events:
        if not event.step:
            continue
        if event.state == "started" or event.step not in row_of:
            row_of[event.step] = max(row_of.values(), default=-1) + 1
        row = row_of[event.step]
        if row >= len(told):
            told.append((event.message or event.step, []))
            row = row_of[event.step] = len(told) - 1
        told[row][1].append(event)
    return told


def _step_line(step: str, events: list[Event], operation: Operation, width: int) -> Line:
    word, tone = _step_state([event.state for event in events], operation)
    return line(Span(pad(word, _STATE), tone), cut(step, width - _STATE))


def _step_state(states: list[str], operation: Operation) -> tuple[str, Tone]:
    if not states:
        return "-", "plain"
    if "failed" in states:
        return _("FAILED"), "bad"
    if states[-1] == "done":
        return _("done"), "good"
    if "done" in states:
        return _("undone"), "warn"
    return (_("FAILED"), "bad") if operation.state == "failed" else (_("now"), "key")


def _window(steps: list[Line], current: int, room: int) -> list[Line]:
    """Return ``room`` of the steps around the current one."""
    start = min(max(current - room // 2, 0), max(len(steps) - room, 0))
    return steps[start : start + room]


def _bar_line(operation: Operation, width: int) -> Line:
    tone: Tone = "bad" if operation.state == "failed" else "plain"
    percent = f" {int(operation.fraction * 100):3d} %"
    return line(Span(bar(operation.fraction, width - len(percent)), tone), percent)


def _last_line(operation: Operation, width: int) -> Line:
    told = [event.message for event in operation.events if event.message]
    return line(cut(told[-1] if told else "", width))


def _failure_lines(operation: Operation, width: int) -> list[Line]:
    """Return the first failure: what an undo could not take back comes after it, and is less."""
    failed = [event for event in operation.events if event.state == "failed"]
    message = next((event.message for event in failed if event.message), "")
    hint = next((event.hint for event in failed if event.hint), "")
    cause = message or _("The engine gave no reason; see the journal: nodectl logs")
    rows = _titled(_("Cause"), cause, width, "bad")
    return rows + (_titled(_("Remedy"), hint, width, "key") if hint else [])


def _titled(title: str, text: str, width: int, tone: Tone) -> list[Line]:
    first, *rest = wrap(text, width - 8, rows=4)
    return [line(Span(pad(title, 8), tone), first), *(line(" " * 8, row) for row in rest)]
