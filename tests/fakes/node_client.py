"""A node whose answers a test decides, behind the interface that the console uses."""

import threading
from dataclasses import dataclass, field

from node_tui.ui.node_client import PowerAction
from persist.errors import AccessError, NodeError
from plugins.api.access import Session
from plugins.api.events import Operation
from plugins.api.facts import Facts, Health
from tests.fakes import node_scenes as scenes

PASSWORD = "right"  # noqa: S105


@dataclass
class FakeNode:
    """Answers with what its fields hold; ``gone`` makes every call fail as a dead engine does."""

    told_facts: Facts = scenes.INSTALLED
    told_health: Health = scenes.HEALTHY
    told_operations: tuple[Operation, ...] = ()
    gone: NodeError | None = None
    open_without_password: bool = False
    broken: Exception | None = None
    hang: threading.Event | None = None
    calls: list[str] = field(default_factory=list)

    def _answer(self, call: str) -> None:
        self.calls.append(call)
        if self.hang is not None:
            self.hang.wait(60)
        if self.gone is not None:
            raise self.gone
        if self.broken is not None:
            raise self.broken

    def health(self) -> Health:
        self._answer("health")
        return self.told_health

    def facts(self) -> Facts:
        self._answer("facts")
        return self.told_facts

    def operations(self) -> tuple[Operation, ...]:
        self._answer("operations")
        return self.told_operations

    def operation(self, number: str) -> Operation:
        self._answer(f"operation {number}")
        return next(told for told in self.told_operations if told.id == number)

    def open_session(self, user: str, password: str) -> Session:
        self._answer(f"open_session {user}")
        if password != PASSWORD and not (self.open_without_password and not password):
            raise AccessError("Wrong name or password.", "Try again.")
        return Session(token="t", role="admin", user=user)  # noqa: S106

    def close_session(self) -> None:
        self._answer("close_session")

    def power(self, action: PowerAction) -> None:
        self._answer(f"power {action}")


DEAD = NodeError(
    "The engine does not listen on /run/node/viewer.sock.",
    "On a node: systemctl status node-engine.",
)

SCENES: dict[str, FakeNode] = {
    "installed": FakeNode(),
    "live": FakeNode(told_facts=scenes.LIVE, open_without_password=True),
    "degraded": FakeNode(told_facts=scenes.DEGRADED_FACTS, told_health=scenes.DEGRADED),
    "crowded": FakeNode(told_facts=scenes.CROWDED),
    "installing": FakeNode(told_facts=scenes.LIVE, told_operations=(scenes.INSTALLING,)),
    "failed": FakeNode(told_facts=scenes.LIVE, told_operations=(scenes.FAILED,)),
    "dead": FakeNode(gone=DEAD),
    "broken": FakeNode(broken=ValueError("a fault of ours")),
}
