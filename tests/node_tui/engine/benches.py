"""A real engine on real sockets; only what would harm this machine is replaced."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from node_tui.client import Client
from node_tui.engine.engine import Engine
from node_tui.engine.listening import RoleServer, open_sockets
from node_tui.engine.operations import Operations
from node_tui.engine.routes import build_app
from node_tui.engine.sessions import Sessions
from plugins.api.access import Role
from plugins.api.events import Monitor, Operation
from plugins.api.facts import Check, Facts, Health, Slots

PASSWORD = "correct horse"  # noqa: S105 - of the fake authenticator


@dataclass
class FakeAuthenticator:
    """Knows two people and one password."""

    roles: dict[str, Role] = field(default_factory=lambda: {"admin": "admin", "olga": "operator"})
    checked: int = 0

    def check(self, user: str, password: str) -> bool:
        self.checked += 1
        return user != "nobody" and password == PASSWORD

    def role_of(self, user: str) -> Role | None:
        return self.roles.get(user)


@dataclass
class FakeHealth:
    marked: int = 0

    fresh: bool = False
    answers: list[Health] = field(default_factory=list)

    def run(self, *, fresh: bool) -> Health:
        """Give the prepared answers first, then be healthy."""
        self.fresh = fresh
        if self.answers:
            return self.answers.pop(0)
        return Health(healthy=True, checks=(Check(name="engine", passed=True),))

    def mark_good(self) -> str:
        self.marked += 1
        return "slot A is good"


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Bench:
    """A served engine, what it is made of, and clients for it."""

    engine: Engine
    folder: Path
    clock: Clock
    authenticator: FakeAuthenticator
    health: FakeHealth
    power: list[str]
    work: Callable[[Monitor], None] = lambda _monitor: None
    stop: Callable[[], None] = lambda: None

    def client(self, role: Role) -> Client:
        return Client(self.folder / f"{role}.sock", seconds=5)


def some_facts() -> Facts:
    return Facts(
        product="Node", version="1.0.0", hostname="node1", boot_mode="live", firmware="bios"
    )


class Served:
    """Runs an engine in a thread until the block ends."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._sockets = open_sockets(folder)
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = RoleServer(build_app(self._engine), self._sockets)
        self._server.on_started = self._started.set
        self._server.on_stopping = self._engine.operations.release_followers
        await self._server.serve()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def stop(self) -> None:
        """Stop as a signal would."""
        self._loop.call_soon_threadsafe(self._server.stop)

    def __exit__(self, *_error: object) -> None:
        if self._thread.is_alive():
            self.stop()
        self._thread.join(10)
        assert not self._thread.is_alive()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    clock, authenticator, health = Clock(), FakeAuthenticator(), FakeHealth()
    power: list[str] = []

    def install(operations: Operations, *, dry_run: bool) -> Operation:
        if dry_run:
            return Operation(id="", kind="install", title="Install", state="done", steps=("wipe",))
        return operations.start("install", "Install", ("wipe",), served.work)

    engine = Engine(
        read_facts=some_facts,
        read_slots=Slots,
        health=health,
        sessions=Sessions(authenticator, clock=clock),
        act_on_power=power.append,
        install=install,
        mend=lambda: None,
    )
    served = Bench(engine, tmp_path / "s", clock, authenticator, health, power)
    with Served(engine, served.folder) as server:
        served.stop = server.stop
        yield served
