"""Long work of the engine as a panel: steps, a bar, the last line; or what failed."""

from node_tui.ui.frame import Panel
from node_tui.ui.lines import Line, Span, Tone, bar, cut, line, pad, wrap
from persist.translation import _
from plugins.api.events import Event, Operation

_STATE = 7
_STEP_NAME = 22


def operation_panel(operation: Operation, width: int, rows: int) -> Panel:
    """Return the operation in exactly ``rows`` rows; the step at work always stays in view."""
    last = operation.events[-1] if operation.events else None
    tail = (
        _failure_lines(operation, width) if operation.state == "failed" else _progress(last, width)
    )
    below = [(), _bar_line(operation, width), *tail]
    steps = _step_lines(operation, width)
    room = max(rows - len(below), 0)
    shown = _window(steps, _current_step(operation), room)
    lines = [*shown, *below][:rows]
    return Panel(operation.title, (*lines, *[()] * (rows - len(lines))))


def _events_of(operation: Operation) -> dict[str, Event]:
    """Return the newest event of every step."""
    return {event.step: event for event in operation.events if event.step}


def _current_step(operation: Operation) -> int:
    newest = _events_of(operation)
    begun = [row for row, step in enumerate(operation.steps) if step in newest]
    return begun[-1] if begun else 0


def _step_lines(operation: Operation, width: int) -> list[Line]:
    newest = _events_of(operation)
    name_width = min(max([len(step) for step in operation.steps], default=0), _STEP_NAME)
    rows: list[Line] = []
    for step in operation.steps:
        state, tone = _step_state(newest.get(step), operation)
        event = newest.get(step)
        told = event.message if event is not None and event.state != "failed" else ""
        left = width - _STATE - name_width - 1
        name = pad(step, name_width)
        rows.append(line(Span(pad(state, _STATE), tone), name, " ", cut(told, left)))
    return rows


def _step_state(event: Event | None, operation: Operation) -> tuple[str, Tone]:
    if event is None:
        return "-", "plain"
    if event.state == "done":
        return _("done"), "good"
    if event.state == "failed" or operation.state == "failed":
        return _("FAILED"), "bad"
    return _("now"), "key"


def _window(steps: list[Line], current: int, room: int) -> list[Line]:
    """Return ``room`` of the steps around the current one."""
    start = min(max(current - room // 2, 0), max(len(steps) - room, 0))
    return steps[start : start + room]


def _bar_line(operation: Operation, width: int) -> Line:
    tone: Tone = "bad" if operation.state == "failed" else "plain"
    percent = f" {int(operation.fraction * 100):3d} %"
    return line(Span(bar(operation.fraction, width - len(percent)), tone), percent)


def _progress(last: Event | None, width: int) -> list[Line]:
    return [line(cut(last.message if last is not None else "", width))]


def _failure_lines(operation: Operation, width: int) -> list[Line]:
    failed = [event for event in operation.events if event.state == "failed"]
    message = next((event.message for event in failed if event.message), "")
    hint = next((event.hint for event in failed if event.hint), "")
    cause = message or _("The engine gave no reason; see the journal: nodectl logs")
    rows = _titled(_("Cause"), cause, width, "bad")
    return rows + (_titled(_("Remedy"), hint, width, "key") if hint else [])


def _titled(title: str, text: str, width: int, tone: Tone) -> list[Line]:
    first, *rest = wrap(text, width - 8, rows=4)
    return [line(Span(pad(title, 8), tone), first), *(line(" " * 8, row) for row in rest)]
