"""Long work in steps: which one runs, what failed, what was undone, also when names repeat."""

import msgspec

from node_tui.ui.lines import text_of
from node_tui.ui.pages.operation_panel import operation_panel
from plugins.api.events import Event, Operation
from tests.fakes import node_scenes as scenes


def shown(operation: Operation, rows: int = 16) -> list[str]:
    return [text_of(row).rstrip() for row in operation_panel(operation, 76, rows).lines]


def test_running_shows_steps_bar_and_last_line() -> None:
    rows = shown(scenes.INSTALLING)
    assert rows[0].startswith("done   Check that /dev/vda")
    assert rows[3] == "now    Write version 0.1.0 to slot A of /dev/vda"
    assert rows[4].startswith("-      Read slot A back")
    assert rows[9].endswith("  41 %")
    assert rows[10] == "214 of 460 MB"
    assert len(rows) == 16


def test_failure_names_cause_and_remedy_and_what_was_undone() -> None:
    rows = shown(scenes.FAILED)
    assert rows[2].startswith("undone Format")
    assert rows[3].startswith("FAILED Write version")
    assert rows[4].startswith("-      Read")
    assert any(row.startswith("Cause   /dev/vda3: write error") for row in rows)
    assert any(row.startswith("Remedy  Replace the disk") for row in rows)


def test_two_steps_of_one_name_are_told_apart_by_their_order() -> None:
    first, second = (
        Event(time="", operation="x", step="flush", state=state, message=message)
        for state, message in (("started", "one"), ("done", ""))
    )
    again = msgspec.structs.replace(first, message="two")
    operation = Operation(
        id="x",
        kind="x",
        title="x",
        state="running",
        steps=("Flush one", "Flush two"),
        events=(first, second, again),
    )
    assert shown(operation)[:2] == ["done   Flush one", "now    Flush two"]


def test_an_event_of_no_planned_step_is_shown_all_the_same() -> None:
    event = Event(time="", operation="x", step="extra", state="started", message="Something else")
    operation = Operation(id="x", kind="x", title="x", state="running", events=(event,))
    assert shown(operation)[0] == "now    Something else"


def test_a_failure_without_words_names_the_journal() -> None:
    operation = Operation(id="x", kind="x", title="x", state="failed")
    assert any("nodectl logs" in row for row in shown(operation))
