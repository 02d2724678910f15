"""Operations and their events: what journal, API, nodectl and console show of long work."""

from typing import Literal, Protocol

from msgspec import Struct

State = Literal["started", "running", "done", "failed"]


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of progress. ``step`` is empty for the operation as a whole.

    ``time`` is RFC 3339 in UTC; ``fraction`` is that of the whole operation and never goes back.
    """

    time: str
    operation: str
    step: str = ""
    state: State
    fraction: float = 0.0
    message: str = ""
    hint: str = ""


class Operation(Struct, frozen=True, kw_only=True):
    """Long work of the engine; it outlives the client that asked for it."""

    id: str
    kind: str
    title: str
    state: State
    fraction: float = 0.0
    steps: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()


class Monitor(Protocol):
    """Takes events: the journal, a JSON-lines stream, the API and the console are monitors."""

    def __call__(self, event: Event) -> None: ...
