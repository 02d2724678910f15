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
    newest = _newest_events(operation)
    steps = _step_lines(operation, newest, width)
    shown = _window(steps, max(newest, default=0), max(rows - len(below), 0))
    lines = [*shown, *below][:rows]
    return Panel(operation.title, (*lines, *[()] * (rows - len(lines))))


def _newest_events(operation: Operation) -> dict[int, Event]:
    """Return the newest event of every step, by the row of the step.

    A plan in words has sentences for steps where events have names: then the order tells which.
    """
    newest = {event.step: event for event in operation.events if event.step}
    if newest.keys() <= set(operation.steps):
        return {operation.steps.index(step): event for step, event in newest.items()}
    return dict(enumerate(newest.values()))


def _step_lines(operation: Operation, newest: dict[int, Event], width: int) -> list[Line]:
    widest = max([len(step) for step in operation.steps], default=0)
    name_width = widest if widest <= _STEP_NAME else width - _STATE
    left = width - _STATE - name_width - 1
    rows: list[Line] = []
    for row, step in enumerate(operation.steps):
        event = newest.get(row)
        state, tone = _step_state(event, operation)
        told = event.message if event is not None and event.state != "failed" else ""
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
