"""The engine's parts, put together once and handed to every request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from node_tui.engine.operations import Operations
from node_tui.engine.sessions import Sessions
from node_tui.system.power import PowerAction
from plugins.api.events import Operation
from plugins.api.facts import Facts, Health, Slots


class HealthChecks(Protocol):
    """Looks whether the node works, and marks its slot."""

    def run(self, *, fresh: bool) -> Health: ...
    def mark_good(self) -> str: ...


class Install(Protocol):
    """Starts the installation, or returns its plan as an operation that is done."""

    def __call__(self, operations: Operations, *, dry_run: bool) -> Operation: ...


@dataclass
class Engine:
    """What requests work with; tests replace single parts."""

    read_facts: Callable[[], Facts]
    read_slots: Callable[[], Slots]
    health: HealthChecks
    sessions: Sessions
    act_on_power: Callable[[PowerAction], None]
    install: Install
    mend: Callable[[], None]
    operations: Operations = field(default_factory=Operations)
