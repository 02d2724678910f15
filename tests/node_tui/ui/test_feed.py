"""The feed asks in its own thread, never too often, and tells only what changed."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from node_tui.ui.feed import Feed, Snapshot, look, shown_operation
from plugins.api.events import Operation
from tests.fakes import node_scenes as scenes
from tests.fakes.node_client import DEAD, FakeNode

AGAIN = msgspec.structs.replace(scenes.INSTALLING, id="install-2")
DONE = msgspec.structs.replace(AGAIN, state="done")


class Listener:
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[Snapshot] = []
        self._heard = threading.Condition()

    def __call__(self, snapshot: Snapshot) -> None:
        with self._heard:
            self.told.append(snapshot)
            self._heard.notify_all()

    def wait_for(self, count: int, seconds: float = 5) -> None:
        with self._heard:
            assert self._heard.wait_for(lambda: len(self.told) >= count, seconds), self.told


@contextmanager
def feeding(
    node: FakeNode, listener: Listener, *, interval: float = 0.02, gap: float = 0.01
) -> Iterator[Feed]:
    feed = Feed(node, listener, interval=interval, gap=gap)
    feed.start()
    try:
        yield feed
    finally:
        feed.end()


def test_it_tells_once_while_nothing_changes_and_again_when_something_does() -> None:
    node, listener = FakeNode(), Listener()
    with feeding(node, listener):
        listener.wait_for(1)
        limit = time.monotonic() + 5
        while node.calls.count("facts") < 5 and time.monotonic() < limit:
            time.sleep(0.01)
        assert len(listener.told) == 1
        node.told_facts = scenes.LIVE
        listener.wait_for(2)
    assert listener.told[1].facts == scenes.LIVE


def test_refresh_never_asks_more_often_than_the_gap() -> None:
    node, listener = FakeNode(), Listener()
    with feeding(node, listener, interval=60, gap=0.2) as feed:
        limit = time.monotonic() + 0.9
        while time.monotonic() < limit:
            feed.refresh()
            time.sleep(0.005)
    assert 2 <= node.calls.count("facts") <= 5


def test_an_engine_that_hangs_is_told_by_the_time_it_owes() -> None:
    node, listener = FakeNode(hang=threading.Event()), Listener()
    with feeding(node, listener) as feed:
        limit = time.monotonic() + 5
        while feed.waiting() < 0.1:
            assert time.monotonic() < limit
            time.sleep(0.01)
        assert node.hang is not None
        node.hang.set()
        listener.wait_for(1)
    assert listener.told[0].facts == scenes.INSTALLED


def test_a_dead_engine_keeps_the_facts_and_names_the_reason() -> None:
    seen = look(FakeNode(), Snapshot())
    dead = look(FakeNode(gone=DEAD), seen)
    assert dead.facts == seen.facts
    assert dead.health is None
    assert dead.problem == DEAD.message
    assert dead.hint == DEAD.hint


def test_an_error_of_the_system_is_a_sentence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    node = FakeNode()

    def refuse() -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(node, "facts", refuse)
    assert "Resource temporarily unavailable" in look(node, Snapshot()).problem


@pytest.mark.parametrize(
    ("operations", "shown"),
    [
        ((), None),
        ((scenes.INSTALLING,), scenes.INSTALLING),
        ((scenes.FAILED,), scenes.FAILED),
        ((scenes.FAILED, AGAIN), AGAIN),
        ((scenes.FAILED, DONE), DONE),
        ((scenes.FAILED, msgspec.structs.replace(DONE, kind="health")), None),
    ],
    ids=["none", "running", "failed", "running after a failure", "installed", "other work done"],
)
def test_the_operation_that_runs_comes_before_one_that_failed(
    operations: tuple[Operation, ...], shown: Operation | None
) -> None:
    assert shown_operation(FakeNode(told_operations=operations)) == shown
