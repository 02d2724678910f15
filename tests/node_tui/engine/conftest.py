"""The engine that the tests of this folder talk to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from node_tui.engine.engine import Engine
from node_tui.engine.operations import Operations
from node_tui.engine.sessions import Sessions
from plugins.api.events import Operation
from plugins.api.facts import Slots
from tests.node_tui.engine.benches import (
    Bench,
    Clock,
    FakeAuthenticator,
    FakeHealth,
    Served,
    some_facts,
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    clock, authenticator, health = Clock(), FakeAuthenticator(), FakeHealth()
    power: list[str] = []

    def install(operations: Operations, dry_run: bool) -> Operation:  # noqa: FBT001
        if dry_run:
            return Operation(id="", kind="install", title="Install", state="done", steps=("wipe",))
        return operations.start("install", "Install", ("wipe",), served.work)

    engine = Engine(
        read_facts=some_facts,
        read_slots=Slots,
        health=health,
        sessions=Sessions(authenticator, clock),
        act_on_power=power.append,
        install=install,
        mend=lambda: None,
    )
    served = Bench(engine, tmp_path / "s", clock, authenticator, health, power)
    with Served(engine, served.folder):
        yield served
