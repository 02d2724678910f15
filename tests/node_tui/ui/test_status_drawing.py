"""The status page holds its frame for every node, every size and every value."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node_tui.ui.feed import Snapshot
from node_tui.ui.lines import SAFE_GLYPHS, Line, text_of, width_of
from node_tui.ui.pages.status_drawing import draw_status
from node_tui.ui.title import title_line
from plugins.api.facts import Check, Facts, Health, Link, Slot, Unavailable, Usage
from tests.fakes import node_scenes as scenes

_TEXT = st.text(max_size=60)
_USAGE = st.none() | st.builds(Usage, used=st.integers(0, 2**50), total=st.integers(0, 2**50))
_LINK = st.builds(
    Link,
    name=_TEXT,
    carrier=st.booleans(),
    speed=st.none() | st.integers(-1, 10**6),
    addresses=st.lists(_TEXT, max_size=3).map(tuple),
)
_FACTS = st.builds(
    Facts,
    product=_TEXT,
    version=_TEXT,
    hostname=_TEXT,
    boot_mode=st.sampled_from(["live", "installed", "stateless"]),
    firmware=st.sampled_from(["bios", "uefi"]),
    signed_by=_TEXT,
    clock=_TEXT,
    uptime=st.integers(-5, 10**9),
    cpu=_USAGE,
    memory=_USAGE,
    data=_USAGE,
    links=st.lists(_LINK, max_size=50).map(tuple),
)
_HEALTH = st.none() | st.builds(
    Health,
    healthy=st.booleans(),
    checks=st.lists(st.builds(Check, name=_TEXT, passed=st.booleans(), message=_TEXT)).map(tuple),
)
_OPERATION = st.none() | st.sampled_from([scenes.INSTALLING, scenes.FAILED])
_SNAPSHOT = st.builds(
    Snapshot, facts=st.none() | _FACTS, health=_HEALTH, operation=_OPERATION, problem=_TEXT
)


def _drawn(snapshot: Snapshot, width: int, height: int) -> list[Line]:
    return draw_status(snapshot, width, height, console="this screen")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_SNAPSHOT, st.integers(40, 140), st.integers(10, 60))
def test_every_row_has_the_width_and_only_safe_glyphs(
    snapshot: Snapshot, width: int, height: int
) -> None:
    body = _drawn(snapshot, width, height)
    rows = [title_line(snapshot, width, answered=True, note="SIMULATED"), *body]
    assert {width_of(row) for row in rows} == {width}
    assert set("".join(map(text_of, rows))) <= SAFE_GLYPHS
    assert text_of(body[0])[0] == "\u250c"
    assert text_of(body[-1])[-1] == "\u2518"


@pytest.mark.parametrize("height", [22, 30, 50])
@pytest.mark.parametrize("width", [80, 100, 132])
def test_it_fills_the_screen_exactly(width: int, height: int) -> None:
    snapshots = (
        Snapshot(scenes.INSTALLED, scenes.HEALTHY),
        Snapshot(scenes.CROWDED, scenes.HEALTHY),
        Snapshot(scenes.LIVE, scenes.HEALTHY, scenes.INSTALLING),
        Snapshot(),
    )
    assert {len(_drawn(snapshot, width, height)) for snapshot in snapshots} == {height}


def test_links_that_do_not_fit_are_counted_with_those_that_are_down() -> None:
    links = tuple(Link(name=f"eno{number}", carrier=number < 30) for number in range(40))
    facts = msgspec.structs.replace(scenes.INSTALLED, links=links)
    shown = "\n".join(map(text_of, _drawn(Snapshot(facts, scenes.HEALTHY), 80, 22)))
    assert "more links, 10 of them DOWN" in shown


def test_before_the_first_answer_nothing_is_claimed() -> None:
    shown = "\n".join(map(text_of, _drawn(Snapshot(), 80, 22)))
    assert "Waiting for the first answer of the engine" in shown
    assert "Nothing needs attention" not in shown
    assert "WAITING" in text_of(title_line(Snapshot(), 80, answered=False))


def test_facts_of_a_dead_engine_are_not_shown_as_true() -> None:
    snapshot = Snapshot(scenes.INSTALLED, problem="The engine is gone.", hint="Wait.")
    shown = "\n".join(map(text_of, _drawn(snapshot, 80, 22)))
    assert "! The engine is gone. Wait." in shown
    assert "admin@192.0.2.10" in shown  # still the way to reach it
    assert "CPU" not in shown
    assert "running, " not in shown


def test_the_step_at_work_stays_in_view_of_a_long_plan() -> None:
    steps = tuple(f"step-{number}" for number in range(40))
    begun = scenes.INSTALLING.events[1]
    events = tuple(msgspec.structs.replace(begun, step=f"name-{row}") for row in range(34))
    operation = msgspec.structs.replace(scenes.INSTALLING, steps=steps, events=events)
    shown = "\n".join(map(text_of, _drawn(Snapshot(scenes.LIVE, None, operation), 80, 22)))
    assert "now    step-33" in shown


def test_a_slot_state_is_never_cut_by_a_long_version() -> None:
    slot = Slot(name="A", device="/dev/sda3", mark="try1", version="9" * 60, booted=True)
    slots = msgspec.structs.replace(scenes.INSTALLED.slots, slots=(slot,))
    facts = msgspec.structs.replace(scenes.INSTALLED, slots=slots)
    shown = "\n".join(map(text_of, _drawn(Snapshot(facts, scenes.HEALTHY), 80, 22)))
    assert "A booted, 1 try left: 9" in shown


def test_what_is_not_known_yet_is_no_alarm() -> None:
    gaps = (
        Unavailable(source="disks", reason="not known yet", pending=True),
        Unavailable(source="guests", reason="not known yet", pending=True),
    )
    facts = msgspec.structs.replace(scenes.INSTALLED, guests=None, unavailable=gaps)
    rows = [text_of(row) for row in _drawn(Snapshot(facts, scenes.HEALTHY), 80, 22)]
    page = "\n".join(rows)
    assert "i disks is not known yet" in page
    assert "! " not in page
    assert "not available" not in page
    assert "not known yet  " in next(
        row for row in rows if "node1" not in row and "known yet" in row
    )
