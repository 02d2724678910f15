"""Run a plan: apply, verify and report each step; undo in reverse when a later one fails."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from persist.errors import NodeError
from persist.translation import _
from plugins.api.events import Event, Monitor, State
from plugins.api.steps import Plan, Step, Undoable

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
# A step counts as not quite done until it was read back, so that 100 % means verified.
APPLIED_SHARE = 0.98
LEAST_NEWS = 0.01


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def apply(
    plan: Plan, system: Any, monitor: Monitor, *, operation: str, clock: Clock = utc_now
) -> None:
    """Apply ``plan`` to ``system``, telling ``monitor``; ``operation`` is the id in the events.

    A step may bear ``weight`` (any positive number, 1 when absent): its share of the time. Raises
    what the failing step raised, after the steps before it were undone where they can be.
    """
    report = _Reporter(monitor, operation, clock, _bounds(plan.steps))
    report.tell("started", message=plan.title)
    done: list[Step] = []
    for index, step in enumerate(plan.steps):
        report.begin(index, step)
        try:
            step.apply(system, report.progress)
            step.verify(system)
        except BaseException as error:
            report.fail(step, error)
            _undo(done, system, report)
            report.tell("failed", message=_words(error), hint=_hint(error))
            raise
        report.finish(step)
        done.append(step)
    report.tell("done", message=plan.title)


class _Reporter:
    """Turns the progress of steps into events whose fraction never goes back."""

    def __init__(
        self, monitor: Monitor, operation: str, clock: Clock, bounds: Sequence[float]
    ) -> None:
        self._monitor = monitor
        self._operation = operation
        self._clock = clock
        self._bounds = bounds
        self._index = 0
        self._step = ""
        self._fraction = 0.0
        self._told = -1.0
        self._message = ""

    def begin(self, index: int, step: Step) -> None:
        """Start the step at ``index``."""
        self._index, self._step = index, step.name
        self._reach(self._bounds[index])
        self.tell("started", step=step.name, message=step.describe())

    def progress(self, fraction: float, message: str = "") -> None:
        """Take the progress of the present step, 0 to 1."""
        start, end = self._bounds[self._index], self._bounds[self._index + 1]
        share = min(max(fraction, 0.0), 1.0) * APPLIED_SHARE
        self._reach(start + (end - start) * share)
        # A journal and a serial line are no place for an event every 4 MiB.
        if message != self._message or self._fraction - self._told >= LEAST_NEWS:
            self.tell("running", step=self._step, message=message)
            self._told, self._message = self._fraction, message

    def finish(self, step: Step) -> None:
        """End the present step, applied and verified."""
        self._reach(self._bounds[self._index + 1])
        self.tell("done", step=step.name)

    def fail(self, step: Step, error: BaseException) -> None:
        """Say that ``step`` failed and why."""
        self.tell("failed", step=step.name, message=_words(error), hint=_hint(error))

    def tell(self, state: State, *, step: str = "", message: str = "", hint: str = "") -> None:
        """Hand one event to the monitor."""
        self._monitor(
            Event(
                time=self._clock().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                operation=self._operation,
                step=step,
                state=state,
                fraction=round(self._fraction, 4),
                message=message,
                hint=hint,
            )
        )

    def _reach(self, fraction: float) -> None:
        self._fraction = max(self._fraction, fraction)


def _bounds(steps: Sequence[Step]) -> list[float]:
    """Return where each step starts and the last ends, as fractions of the whole."""
    weights = [float(getattr(step, "weight", 1.0)) for step in steps]
    total = sum(weights) or 1.0
    bounds = [0.0]
    for weight in weights:
        bounds.append(bounds[-1] + weight / total)
    bounds[-1] = 1.0
    return bounds


def _undo(done: Sequence[Step], system: Any, report: _Reporter) -> None:
    """Take back what can be taken back; a failure here must not hide the first one."""
    for step in reversed(done):
        if not isinstance(step, Undoable):
            continue
        try:
            step.undo(system)
        except Exception as error:
            log.exception("undoing step %s", step.name)
            report.fail(step, error)
        else:
            report.tell("running", step=step.name, message=_("taken back"))


def _words(error: BaseException) -> str:
    if isinstance(error, NodeError):
        return error.message
    return f"{type(error).__name__}: {error}"


def _hint(error: BaseException) -> str:
    return error.hint if isinstance(error, NodeError) else ""
