"""Long work: followed by many, outliving its starter, one at a time."""

import logging
import os
import threading
from collections.abc import Iterator

import pytest

from node_tui.client import Client, EngineAbsentError
from node_tui.engine.journal import LooksAreQuiet
from node_tui.engine.operations import MOST_OPERATIONS, Operations
from node_tui.system import command
from persist.errors import ConfigError, NodeError, PlanError, StepError
from plugins.api.events import Event, Monitor
from tests.node_tui.engine.benches import PASSWORD, Bench


def step(fraction: float, name: str = "wipe") -> Event:
    return Event(
        time="2026-01-01T00:00:00Z",
        operation="install",
        step=name,
        state="running",
        fraction=fraction,
    )


class Script:
    """Work that emits one event a ``next()``, and ends as told."""

    def __init__(self, events: list[Event], error: Exception | None = None) -> None:
        self.go = threading.Semaphore(0)
        self._events = events
        self._error = error

    def __call__(self, monitor: Monitor) -> None:
        for event in self._events:
            assert self.go.acquire(timeout=10)
            monitor(event)
        assert self.go.acquire(timeout=10)
        if self._error:
            raise self._error

    def next(self, count: int = 1) -> None:
        self.go.release(count)


def test_events_arrive_while_the_work_runs(bench: Bench) -> None:
    script = Script([step(0.2), step(0.6)])
    bench.work = script
    client = bench.client("admin")
    operation = client.install()
    events: Iterator[Event] = client.follow(operation.id)

    script.next()
    first = next(events)
    assert (first.step, first.fraction, first.operation) == ("wipe", 0.2, operation.id)
    script.next()
    assert next(events).fraction == 0.6
    script.next()
    last = next(events)
    assert (last.state, last.fraction, last.step) == ("done", 1.0, "")
    assert list(events) == []


def test_a_second_follower_and_a_late_one_see_the_same(bench: Bench) -> None:
    script = Script([step(0.2), step(0.6)])
    bench.work = script
    operation = bench.client("admin").install()
    script.next(3)
    seen = list(bench.client("viewer").follow(operation.id))
    assert list(bench.client("viewer").follow(operation.id)) == seen
    assert [event.fraction for event in seen] == [0.2, 0.6, 1.0]
    assert list(bench.client("viewer").follow(operation.id, after=2)) == seen[2:]


def test_the_work_outlives_the_client_that_started_it(bench: Bench) -> None:
    script = Script([step(0.5)])
    bench.work = script
    client = bench.client("admin")
    operation = client.install()
    follower = client.follow(operation.id)
    script.next()
    next(follower)
    follower.close()  # type: ignore[attr-defined]  # the connection is cut

    script.next()

    assert list(bench.client("viewer").follow(operation.id))[-1].state == "done"
    assert bench.client("viewer").operation(operation.id).state == "done"


def test_one_writer_at_a_time(bench: Bench) -> None:
    script = Script([])
    bench.work = script
    client = bench.client("admin")
    first = client.install()
    with pytest.raises(PlanError, match="Another operation is running: Install"):
        client.install()
    with pytest.raises(PlanError, match="Another operation is running"):
        client.power("reboot")
    assert bench.power == []
    script.next(2)
    list(client.follow(first.id))
    second = client.install()
    list(client.follow(second.id))
    assert [one.state for one in client.operations()] == ["done", "done"]


def test_a_failure_tells_cause_and_remedy(bench: Bench) -> None:
    script = Script([step(0.4)], StepError("sda: read error", "Replace the disk."))
    bench.work = script
    client = bench.client("admin")
    operation = client.install()
    script.next(2)
    last = list(client.follow(operation.id))[-1]
    assert (last.state, last.message, last.hint) == (
        "failed", "sda: read error", "Replace the disk."
    )  # fmt: skip
    assert last.fraction == 0.4


def test_a_bug_fails_the_operation_and_frees_the_writer(bench: Bench) -> None:
    script = Script([], KeyError("slot"))
    bench.work = script
    client = bench.client("admin")
    operation = client.install()
    script.next()
    last = list(client.follow(operation.id))[-1]
    assert last.message == "The engine made a mistake: KeyError: 'slot'"
    bench.work = lambda _monitor: None
    assert client.install().kind == "install"


def test_the_fraction_never_goes_back(bench: Bench) -> None:
    script = Script([step(0.5), step(0.1), step(7.0)])
    bench.work = script
    client = bench.client("admin")
    operation = client.install()
    script.next(4)
    fractions = [event.fraction for event in client.follow(operation.id)]
    assert fractions == [0.5, 0.5, 1.0, 1.0]


def test_a_stopping_engine_ends_its_streams_at_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    script = Script([step(0.5)])
    bench.work = script
    client = bench.client("admin")
    operation = client.install()
    events = client.follow(operation.id)
    script.next()
    assert next(events).fraction == 0.5
    bench.stop()
    with pytest.raises(EngineAbsentError, match=f"before it told the end of {operation.id}"):
        next(events)
    script.next()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_server_sent_events(bench: Bench) -> None:
    script = Script([step(0.5)])
    bench.work = script
    operation = bench.client("admin").install()
    script.next(2)
    client = bench.client("viewer")
    list(client.follow(operation.id))
    lines = raw_stream(client, operation.id)
    assert lines[0] == b"id: 1\n"
    assert lines[1].startswith(b'data: {"time":"2026-01-01T00:00:00Z","operation":"install-')
    assert lines[2] == b"\n"


def raw_stream(client: Client, number: str) -> list[bytes]:
    from node_tui.client.connection import UnixConnection  # noqa: PLC0415

    connection = UnixConnection(client._socket, seconds=5)
    connection.request(
        "GET", f"/v1/operations/{number}/events", headers={"Accept": "text/event-stream"}
    )
    answer = connection.getresponse()
    lines = list(answer)
    connection.close()
    return lines


def test_an_unknown_operation_is_named(bench: Bench) -> None:
    with pytest.raises(NodeError, match=r"There is no operation install-0\."):
        bench.client("viewer").operation("install-0")


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "x"])
def test_a_place_that_is_no_number_is_refused(bench: Bench, number: str) -> None:
    operation = bench.client("admin").install()
    with pytest.raises(ConfigError, match="not a number"):
        list(bench.client("viewer").follow(operation.id, after=number))  # type: ignore[arg-type]


def test_nothing_begins_while_the_machine_goes_down(bench: Bench) -> None:
    client = bench.client("admin")
    client.power("reboot")
    with pytest.raises(PlanError, match="going down"):
        client.install()
    client.power("poweroff")
    assert bench.power == ["reboot", "poweroff"]


def test_a_power_order_that_fails_closes_nothing(bench: Bench) -> None:
    def refuse(action: str) -> None:
        raise StepError("systemd refuses", "")

    bench.engine.act_on_power = refuse
    client = bench.client("admin")
    with pytest.raises(StepError):
        client.power("reboot")
    assert client.install().kind == "install"


def test_who_asks_for_a_change_is_in_the_journal(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    client = bench.client("viewer")
    client.open_session("admin", PASSWORD)
    client.power("reboot")
    assert f"reboot asked for by admin, uid {os.getuid()}, process {os.getpid()}" in caplog.text
    assert client.session
    assert client.session.token not in caplog.text


def test_what_runs_is_never_forgotten() -> None:
    operations = Operations()
    go = threading.Event()
    running = operations.start("install", "Install", (), lambda _monitor: assert_set(go))
    for _refusal in range(MOST_OPERATIONS * 2):
        operations.refuse("install", "Install", PlanError("no", ""))
    assert operations.find(running.id).id == running.id
    assert len(operations.all()) == MOST_OPERATIONS
    go.set()


def assert_set(event: threading.Event) -> None:
    assert event.wait(10)


def test_an_end_with_bytes_that_are_no_text_frees_the_writer(bench: Bench) -> None:
    bench.work = script = Script([], StepError("no device \udcff", ""))
    client = bench.client("admin")
    operation = client.install()
    script.next()
    assert list(client.follow(operation.id))[-1].message == "no device \\xff"
    assert client.operations()[-1].state == "failed"


def test_the_journal_keeps_the_programs_of_operations_and_not_of_looks() -> None:
    keeps = LooksAreQuiet().filter
    name = command.log.name

    def record(level: int, thread: str, logger: str = name) -> logging.LogRecord:
        made = logging.LogRecord(logger, level, "", 0, "run: lsblk", None, None)
        made.threadName = thread
        return made

    assert not keeps(record(logging.INFO, "facts_0"))
    assert keeps(record(logging.INFO, "operation install-1"))
    assert keeps(record(logging.WARNING, "facts_0"))
    assert keeps(record(logging.INFO, "facts_0", "node.engine"))
