"""Applying a plan: order, verification, undoing, and a fraction that never goes back."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from node_tui.apply import apply
from persist.errors import StepError, VerificationError
from plugins.api.events import Event
from plugins.api.steps import Plan, Progress


@dataclass
class Machine:
    """What fake steps change: a journal of calls."""

    calls: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Write:
    """A step that reports progress out of order."""

    name: ClassVar[str] = "write"
    weight: ClassVar[float] = 3.0

    def describe(self) -> str:
        return "Write it"

    def apply(self, system: Machine, progress: Progress) -> None:
        system.calls.append("write")
        for fraction in (0.5, 0.2, 7.0):
            progress(fraction, f"at {fraction}")

    def verify(self, system: Machine) -> None:
        system.calls.append("verify write")

    def undo(self, system: Machine) -> None:
        system.calls.append("undo write")


@dataclass(frozen=True)
class Fail:
    """A step that fails while applied or while verified."""

    name: ClassVar[str] = "fail"
    when: str = "apply"

    def describe(self) -> str:
        return "Fail"

    def apply(self, system: Machine, progress: Progress) -> None:  # noqa: ARG002
        if self.when == "apply":
            raise StepError("the disk is gone", "plug it in")

    def verify(self, system: Machine) -> None:  # noqa: ARG002
        raise VerificationError("nothing there")


def run(*steps: object) -> tuple[Machine, list[Event]]:
    machine, events = Machine(), []
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    plan = Plan("test", "Test it", steps)
    try:
        apply(plan, machine, events.append, operation="op-1", clock=lambda: moment)
    except StepError:
        machine.calls.append("raised")
    return machine, events


def test_each_step_is_applied_then_verified() -> None:
    machine, events = run(Write(), Write())
    assert machine.calls == ["write", "verify write"] * 2
    assert (events[0].state, events[-1].state, events[-1].fraction) == ("started", "done", 1.0)
    assert events[0].time == "2026-01-02T03:04:05.000Z"
    assert {event.operation for event in events} == {"op-1"}


def test_the_fraction_never_goes_back_and_is_one_only_when_verified() -> None:
    _, events = run(Write(), Write())
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions)
    assert [event.state for event in events if event.fraction == 1.0] == ["done", "done"]


def test_weights_share_the_bar() -> None:
    @dataclass(frozen=True)
    class Light(Write):
        name: ClassVar[str] = "light"
        weight: ClassVar[float] = 1.0

    _, events = run(Light(), Write())
    assert next(event.fraction for event in events if event.state == "done") == 0.25


def test_small_progress_is_not_told_each_time() -> None:
    @dataclass(frozen=True)
    class Chatty(Write):
        name: ClassVar[str] = "chatty"

        def apply(self, system: Machine, progress: Progress) -> None:  # noqa: ARG002
            for number in range(10_000):
                progress(number / 10_000, "reading")
            progress(1.0, "read")

    _, events = run(Chatty())
    told = [event for event in events if event.state == "running"]
    assert 50 < len(told) <= 102
    assert told[-1].message == "read"


@pytest.mark.parametrize("when", ["apply", "verify"])
def test_a_failure_undoes_what_was_done_and_is_told(when: str) -> None:
    machine, events = run(Write(), Fail(when))
    assert machine.calls == ["write", "verify write", "undo write", "raised"]
    failed = [event for event in events if event.state == "failed"]
    assert [event.step for event in failed] == ["fail", ""]
    if when == "apply":
        assert (failed[0].message, failed[0].hint) == ("the disk is gone", "plug it in")


def test_a_failing_undo_does_not_hide_the_first_failure() -> None:
    @dataclass(frozen=True)
    class Stuck(Write):
        name: ClassVar[str] = "stuck"

        def undo(self, system: Machine) -> None:  # noqa: ARG002
            raise RuntimeError("stuck")

    machine, events = run(Stuck(), Fail())
    assert machine.calls[-1] == "raised"
    assert [event.message for event in events if event.state == "failed"] == [
        "the disk is gone",
        "RuntimeError: stuck",
        "the disk is gone",
    ]
