"""What the console asks of a node: the part of the engine's client that its pages use."""

from typing import Literal, Protocol

from plugins.api.access import Session
from plugins.api.events import Operation
from plugins.api.facts import Facts, Health

PowerAction = Literal["reboot", "poweroff"]


class NodeClient(Protocol):
    """A connection to an engine; every call raises NodeError when it refuses or is gone."""

    def health(self) -> Health: ...

    def facts(self) -> Facts: ...

    def operations(self) -> tuple[Operation, ...]: ...

    def operation(self, number: str) -> Operation: ...

    def open_session(self, user: str, password: str) -> Session: ...

    def close_session(self) -> None: ...

    def power(self, action: PowerAction) -> None: ...
