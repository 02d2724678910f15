"""Long work: runs in a thread of its own, outlives the client that asked, one writer at a time."""

import asyncio
import contextlib
import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime

import msgspec

from node_tui.engine.encoding import encode_json
from node_tui.engine.problems import UnknownError
from persist.errors import NodeError, PlanError
from persist.translation import _
from plugins.api.events import Event, Monitor, Operation, State

MOST_OPERATIONS = 32
MOST_EVENTS = 5000
SECONDS_BETWEEN_SIGNS_OF_LIFE = 10.0

THREAD_PREFIX = "operation "

log = logging.getLogger("node.operation")
Work = Callable[[Monitor], None]


class Running:
    """One operation and its events; a monitor for its own thread, followed by any number."""

    def __init__(self, kind: str, title: str, steps: tuple[str, ...]) -> None:
        number = f"{kind}-{secrets.token_hex(4)}"
        self._lock = threading.Lock()
        self._wake: set[Callable[[], None]] = set()
        self._operation = Operation(
            id=number, kind=kind, title=title, state="started", fraction=0.0, steps=steps
        )
        self._events: list[Event] = []
        self._released = False

    @property
    def id(self) -> str:
        """Return the name clients follow it by."""
        return self._operation.id

    @property
    def ended(self) -> bool:
        """Say whether nothing more will come."""
        return self._operation.state in ("done", "failed")

    def snapshot(self) -> Operation:
        """Return the operation with all its events so far."""
        with self._lock:
            return msgspec.structs.replace(self._operation, events=tuple(self._events))

    def __call__(self, event: Event) -> None:
        """Take an event of a step; the fraction of the whole never goes back.

        The end of the whole is left out: it is told once, by ``finish``, when the work returned.
        """
        if event.step or event.state in ("started", "running"):
            self._take(event, "running")

    def finish(self, state: State, message: str, hint: str = "") -> None:
        """Record the end of the whole."""
        fraction = 1.0 if state == "done" else self._operation.fraction
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        last = Event(
            time=time, operation=self.id, state=state, fraction=fraction, message=message, hint=hint
        )
        self._take(last, state)

    def _take(self, event: Event, state: State) -> None:
        with self._lock:
            fraction = min(max(event.fraction, self._operation.fraction), 1.0)
            event = msgspec.structs.replace(event, operation=self.id, fraction=fraction)
            if len(self._events) < MOST_EVENTS or state in ("done", "failed"):
                self._events.append(event)
            self._operation = msgspec.structs.replace(
                self._operation, state=state, fraction=fraction
            )
            followers = tuple(self._wake)
        log.info("%s", encode_json(event).decode())
        for wake in followers:
            wake()

    def release_followers(self) -> None:
        """End all streams, the work goes on: a server that stops waits for its streams."""
        with self._lock:
            self._released = True
            followers = tuple(self._wake)
        for wake in followers:
            wake()

    async def follow(self, after: int = 0) -> AsyncIterator[tuple[int, Event | None]]:
        """Yield ``(number, event)`` from ``after`` on until the end; None is a sign of life."""
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody follows any more
                loop.call_soon_threadsafe(changed.set)

        with self._lock:
            self._wake.add(wake)
        try:
            position = after
            while True:
                changed.clear()
                with self._lock:
                    fresh, ended = self._events[position:], self.ended
                for event in fresh:
                    position += 1
                    yield position, event
                if ended or self._released:
                    return
                try:
                    await asyncio.wait_for(changed.wait(), SECONDS_BETWEEN_SIGNS_OF_LIFE)
                except TimeoutError:
                    yield position, None
        finally:
            with self._lock:
                self._wake.discard(wake)


class Operations:
    """The newest operations, and the one writer lock of the machine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Running] = OrderedDict()
        self._writer: Running | None = None
        self._closed = False

    def start(self, kind: str, title: str, steps: tuple[str, ...], work: Work) -> Operation:
        """Run ``work`` in the background; PlanError while another operation changes the machine."""
        with self._lock:
            self.refuse_when_busy()
            running = self._writer = self._remember(Running(kind, title, steps))
        name = THREAD_PREFIX + running.id
        threading.Thread(target=_run, args=(running, work), name=name).start()
        return running.snapshot()

    def refuse(self, kind: str, title: str, error: NodeError) -> None:
        """Keep an operation that failed before its first step, with the reason."""
        with self._lock:
            running = self._remember(Running(kind, title, ()))
        running.finish("failed", error.message, error.hint)

    @contextlib.contextmanager
    def closing(self) -> Iterator[None]:
        """Refuse while an operation runs; let none begin from now on, unless the block fails.

        For turning the machine off: nothing may start to write while it goes down.
        """
        with self._lock:
            self._refuse_beside_the_writer()
            self._closed = True
        try:
            yield
        except BaseException:
            self._closed = False
            raise

    def _remember(self, running: Running) -> Running:
        self._known[running.id] = running
        ended = [number for number, one in self._known.items() if one.ended]
        for number in ended[: max(len(self._known) - MOST_OPERATIONS, 0)]:
            del self._known[number]
        return running

    def refuse_when_busy(self) -> None:
        """Raise PlanError while an operation changes the machine, or the machine goes down."""
        if self._closed:
            raise PlanError(
                _("This machine is going down."), _("Ask again when it has started again.")
            )
        self._refuse_beside_the_writer()

    def _refuse_beside_the_writer(self) -> None:
        if self._writer and not self._writer.ended:
            raise PlanError(
                _("Another operation is running: {title}").format(
                    title=self._writer.snapshot().title
                ),
                _("Wait for its end; nodectl operations shows it."),
            )

    def find(self, number: str) -> Running:
        """Return an operation by its id."""
        try:
            return self._known[number]
        except KeyError:
            raise UnknownError(
                _("There is no operation {number}.").format(number=number),
                _("nodectl operations lists those since the engine started."),
            ) from None

    def release_followers(self) -> None:
        """End all streams of all operations."""
        with self._lock:
            known = tuple(self._known.values())
        for running in known:
            running.release_followers()

    def all(self) -> tuple[Operation, ...]:
        """Return all operations, oldest first, without their events."""
        with self._lock:
            known = tuple(self._known.values())
        return tuple(msgspec.structs.replace(one.snapshot(), events=()) for one in known)


def _run(running: Running, work: Work) -> None:
    """Run ``work`` to its end, whatever the end is."""
    try:
        work(running)
    except NodeError as error:
        running.finish("failed", error.message, error.hint)
    except Exception as error:
        log.exception("bug in %s", running.id)
        words = _("The engine made a mistake: {error}").format(
            error=f"{type(error).__name__}: {error}"
        )
        running.finish("failed", words, _("The journal of node-engine has the details."))
    else:
        running.finish("done", _("Done."))
