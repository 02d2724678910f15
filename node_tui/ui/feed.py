"""Keeps the console's picture of the node fresh, in a thread that may wait for the engine."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from node_tui.ui.node_client import NodeClient
from persist.errors import NodeError
from persist.translation import _
from plugins.api.events import Operation
from plugins.api.facts import Facts, Health

log = logging.getLogger("node.console")
_AT_WORK = frozenset({"started", "running"})
# Seconds between two looks while an operation runs: facts cost the machine that is working.
_AT_WORK_SECONDS = 1.0


@dataclass(frozen=True)
class Snapshot:
    """The node as last seen; ``problem`` and ``hint`` say why the engine told nothing.

    ``facts`` outlive the engine: what was true before is still the way to reach the node.
    """

    facts: Facts | None = None
    health: Health | None = None
    operation: Operation | None = None
    problem: str = ""
    hint: str = ""


def look(client: NodeClient, before: Snapshot) -> Snapshot:
    """Ask the engine once; one that does not answer becomes a sentence, never an exception."""
    try:
        return Snapshot(client.facts(), client.health(), shown_operation(client))
    except NodeError as error:
        return Snapshot(facts=before.facts, problem=error.message, hint=error.hint)
    except OSError as error:
        problem = _("The engine does not answer: {reason}").format(reason=error.strerror or error)
        return Snapshot(facts=before.facts, problem=problem)


def shown_operation(client: NodeClient) -> Operation | None:
    """Return the operation to look at, with its events.

    That is the one that runs; else the last one when it failed, or when it was an installation,
    whose end is what somebody waits for at this screen.
    """
    operations = client.operations()
    running = [operation for operation in operations if operation.state in _AT_WORK]
    last = [told for told in operations[-1:] if told.state == "failed" or told.kind == "install"]
    return next((client.operation(operation.id) for operation in running + last), None)


class Feed:
    """Looks at the node every ``interval`` seconds and tells ``tell`` when something changed."""

    def __init__(
        self, client: NodeClient, tell: Callable[[Snapshot], None], *, interval: float, gap: float
    ) -> None:
        self._client = client
        self._tell = tell
        self._interval = interval
        self._gap = gap
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self.asked_at: float | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def refresh(self) -> None:
        """Look again soon, but never sooner than ``gap`` seconds after the last look."""
        self._wake.set()

    def end(self) -> None:
        """Stop; a thread that waits for a dead engine is left behind and ends with the process."""
        self._ended.set()
        self._wake.set()

    def waiting(self) -> float:
        """Return for how many seconds the engine has owed an answer."""
        asked_at = self.asked_at
        return 0.0 if asked_at is None else time.monotonic() - asked_at

    def _look(self, seen: Snapshot) -> Snapshot:
        """Look once; a fault of ours becomes a sentence too, for this thread must not end."""
        try:
            return look(self._client, seen)
        except Exception as error:
            log.exception("looking at the node")
            problem = _("The console made a mistake: {error}").format(error=repr(error))
            return Snapshot(facts=seen.facts, problem=problem, hint=_("The journal has it."))

    def _run(self) -> None:
        seen = Snapshot()
        told = False
        while not self._ended.is_set():
            self.asked_at = time.monotonic()
            now = self._look(seen)
            self.asked_at = None
            if not self._ended.is_set() and (now != seen or not told):
                self._tell(now)
                told = True
            seen = now
            self._ended.wait(self._gap)
            busy = now.operation is not None and now.operation.state in _AT_WORK
            rest = min(self._interval, _AT_WORK_SECONDS) if busy else self._interval
            self._wake.wait(max(rest - self._gap, 0.0))
            self._wake.clear()
