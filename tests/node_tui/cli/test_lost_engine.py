"""nodectl while the engine is slow, busy, restarted or gone."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from node_tui.client import Client, EngineAbsentError, EngineSilentError
from plugins.api.events import Event, Monitor, Operation
from tests.node_tui.cli.conftest import Run
from tests.node_tui.engine.benches import Bench


def work(monitor: Monitor) -> None:
    for fraction in (0.1, 0.6):
        time = "2026-01-01T00:00:00Z"
        monitor(
            Event(time=time, operation="x", state="running", fraction=fraction, step="write-slot")
        )


def test_a_stream_that_breaks_is_taken_up_again(
    bench: Bench, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who installs unattended must see the end, or the installed node is never restarted."""
    bench.work = work
    whole = Client.follow
    breaks = [
        EngineSilentError("The engine gave no answer within 30 s."),
        EngineAbsentError("The engine ended the connection."),
    ]
    places = []

    def follow(client: Client, number: str, *, after: int = 0) -> Iterator[Event]:
        places.append(after)
        for told in whole(client, number, after=after):
            yield told
            if breaks:
                raise breaks.pop()

    monkeypatch.setattr(Client, "follow", follow)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    assert run("install") == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert places == [0, 1, 2]


def test_an_engine_that_forgot_the_operation_is_told(
    bench: Bench, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def follow(client: Client, number: str, *, after: int = 0) -> Iterator[Event]:
        bench.engine.operations._known.clear()
        raise EngineAbsentError("The engine stopped before it told the end of it.")
        yield

    monkeypatch.setattr(Client, "follow", follow)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    assert run("install") == 1
    assert "before it told the end" in capsys.readouterr().err


def test_a_silent_engine_is_no_refusal(
    bench: Bench, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def install(client: Client, *, dry_run: bool = False) -> Operation:
        raise EngineSilentError("The engine gave no answer within 300 s.")

    monkeypatch.setattr(Client, "install", install)
    assert run("install", "--unattended") == 1
    told = capsys.readouterr()
    assert "nothing was written" not in told.out
    assert "no answer within 300 s" in told.err


def test_a_queue_that_is_full_is_an_engine_that_is_busy(tmp_path: Path) -> None:
    path = tmp_path / "viewer.sock"
    with ExitStack() as held:
        listener = held.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(path))
        listener.listen(0)
        caller = held.enter_context(socket.socket(socket.AF_UNIX))
        caller.connect(str(path))
        with pytest.raises(EngineAbsentError, match=r"No connection to .*unavailable"):
            Client(path, seconds=1).facts()
    with pytest.raises(EngineAbsentError, match="No connection to"):
        Client(tmp_path / ("x" * 200)).facts()
