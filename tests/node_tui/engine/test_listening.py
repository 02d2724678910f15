"""Callers that are slow, many, or send what is no text."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import msgspec
import pytest

from node_tui.client import EngineAbsentError
from node_tui.engine import listening
from node_tui.engine.encoding import encode_json
from node_tui.engine.listening import MOST_CONNECTIONS
from persist.errors import NodeError, PlanError
from plugins.api.access import Role
from tests.node_tui.engine.benches import Bench, some_facts

LIMIT = 5


@contextmanager
def connected(bench: Bench, role: Role) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(LIMIT)
        caller.connect(str(bench.folder / f"{role}.sock"))
        yield caller


def is_closed(caller: socket.socket) -> bool:
    """Wait until the engine ends the connection; False when it does not."""
    try:
        while caller.recv(4096):
            pass
    except TimeoutError:
        return False
    except ConnectionResetError:
        pass
    return True


@pytest.mark.parametrize("begun", [b"", b"GET /v1/facts HT"])
def test_a_request_that_does_not_come_is_not_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(listening, "SECONDS_FOR_A_HEAD", 0.1)
    with connected(bench, "viewer") as caller:
        caller.sendall(begun)
        assert is_closed(caller)


def test_neither_is_a_second_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "SECONDS_FOR_A_HEAD", 0.1)
    with connected(bench, "viewer") as caller:
        caller.sendall(b"GET /v1/nothing HTTP/1.1\r\nHost: node\r\n\r\n")
        assert b"404" in caller.recv(4096)
        caller.sendall(b"GET /v1/fac")
        assert is_closed(caller)


def test_an_answer_that_takes_its_time_is_not_cut(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "SECONDS_FOR_A_HEAD", 0.1)
    slow = threading.Event()

    def read() -> object:
        slow.wait(0.5)
        return some_facts()

    bench.engine.read_facts = read  # type: ignore[assignment]
    assert bench.client("viewer").facts().hostname == "node1"


def test_a_crowd_of_viewers_keeps_no_admin_out(bench: Bench) -> None:
    with ExitStack() as crowd:
        for _caller in range(MOST_CONNECTIONS):
            crowd.enter_context(connected(bench, "viewer"))
        with connected(bench, "viewer") as late:
            assert is_closed(late)
        with pytest.raises(EngineAbsentError, match="ended the connection"):
            bench.client("viewer").facts()
        assert bench.client("admin").facts().hostname == "node1"


def test_bytes_that_are_no_text_are_shown_and_hide_nothing(bench: Bench) -> None:
    name = b"disk\xff".decode("utf-8", "surrogateescape")
    bench.engine.read_facts = lambda: msgspec.structs.replace(some_facts(), hostname=name)
    assert bench.client("viewer").facts().hostname == "disk\\xff"


def test_a_refusal_with_such_bytes_is_told_as_what_it_is(bench: Bench) -> None:
    def refuse() -> None:
        raise PlanError("no disk 'vd\udcff'", "Name another.")

    bench.engine.read_facts = refuse  # type: ignore[assignment]
    with pytest.raises(PlanError, match=r"no disk 'vd\\xff'"):
        bench.client("viewer").facts()


def test_what_is_text_stays_as_it_is() -> None:
    assert encode_json({"name": "节点", "n": (1, None)}) == '{"name":"节点","n":[1,null]}'.encode()


def test_a_caller_who_leaves_in_the_middle_is_no_line_in_the_journal(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"POST /v1/power HTTP/1.1\r\nHost: node\r\nContent-Length: 100\r\n\r\n"
    for sent in (head, head + b'{"action":', b"nonsense\r\n\r\n", head.replace(b"100", b"x")):
        with connected(bench, "viewer") as caller:
            caller.sendall(sent)
            caller.shutdown(socket.SHUT_WR)
            assert is_closed(caller)
    assert bench.client("viewer").facts().hostname == "node1"
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_an_address_with_a_slash_too_many_is_unknown(bench: Bench) -> None:
    with connected(bench, "viewer") as caller:
        caller.sendall(b"GET /v1/facts/ HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n")
        assert b" 404 " in caller.recv(4096)


@pytest.mark.parametrize("number", ["a b", "x\ny", "x?after=1", "节点", "", "x/events"])
def test_no_name_of_an_operation_is_an_address_of_its_own(bench: Bench, number: str) -> None:
    with pytest.raises(NodeError, match=r"no operation|nothing at this address"):
        bench.client("viewer").operation(number)
