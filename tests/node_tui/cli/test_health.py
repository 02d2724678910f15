"""nodectl health: what a boot decides about its slot by."""

import time

import msgspec
import pytest

from node_tui.cli import health as health_verb
from persist.errors import NodeError, StepError
from plugins.api.facts import Check, Health, Slot, Slots
from tests.node_tui.cli.conftest import Run
from tests.node_tui.engine.benches import Bench


def unhealthy() -> Health:
    failed = Check(name="network", passed=False, message="eno1: no carrier", hint="Cable?")
    return Health(healthy=False, checks=(failed,))


def one_slot(mark: str) -> Slots:
    slot = msgspec.convert(
        {"name": "A", "device": "/dev/node/slot-a", "mark": mark, "booted": True}, Slot
    )
    return Slots(booted="A", active="A", good="A", slots=(slot,))


def test_health_exits_4_when_a_required_check_fails(
    bench: Bench, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("health") == 0
    assert bench.health.fresh
    bench.health.answers = [unhealthy()]
    capsys.readouterr()
    assert run("health") == 4
    assert capsys.readouterr().out == "network FAILED  eno1: no carrier  Cable?\n"


def test_an_unproven_slot_gets_time_and_its_mark(
    bench: Bench, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    bench.engine.read_slots = lambda: one_slot("try2")
    bench.health.answers = [unhealthy(), unhealthy()]
    assert run("health", "--mark") == 0
    assert bench.health.marked == 1
    assert capsys.readouterr().out.splitlines()[-1] == "slot A is good"


def test_an_unproven_slot_that_stays_sick_fails(
    bench: Bench, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(health_verb, "SECONDS_TO_BECOME_HEALTHY", 0.0)
    bench.engine.read_slots = lambda: one_slot("try1")
    bench.health.answers = [unhealthy()] * 50
    assert run("health", "--mark") == 4
    assert bench.health.marked == 0


def test_a_proven_slot_is_not_given_up(
    bench: Bench, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.engine.read_slots = lambda: one_slot("good")
    bench.health.answers = [unhealthy()]
    assert run("health", "--mark") == 0
    assert bench.health.marked == 0
    assert "no carrier" in capsys.readouterr().out


def test_an_engine_that_fails_at_first_gets_time(
    bench: Bench, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At power-on the ESP may be a moment away; that is no reason to leave a slot."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    failures: list[NodeError] = [StepError("mount: /dev/node/esp does not exist", "")] * 3

    def read_slots() -> Slots:
        if failures:
            raise failures.pop()
        return one_slot("try3")

    bench.engine.read_slots = read_slots
    assert run("health", "--mark") == 0
    assert bench.health.marked == 1


def test_a_proven_slot_whose_mark_cannot_be_written_is_told_and_kept(
    bench: Bench, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail_to_mark() -> str:
        raise StepError("the ESP is read-only", "Replace the disk.")

    monkeypatch.setattr(bench.health, "mark_good", fail_to_mark)
    bench.engine.read_slots = lambda: one_slot("good")
    assert run("health", "--mark") == 0
    assert "the ESP is read-only" in capsys.readouterr().err
