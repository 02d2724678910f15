"""Start the engine: take or make the sockets, put the parts together, serve until told to end."""

import asyncio
import logging
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from node_tui.engine.engine import Engine
from node_tui.engine.listening import RoleServer, open_sockets
from node_tui.engine.routes import build_app
from node_tui.engine.sessions import Sessions
from node_tui.system.facts import FactsReader
from node_tui.system.health import HealthReader
from node_tui.system.pam import Pam
from node_tui.system.power import Power
from node_tui.system.service_manager import notify, take_sockets, watchdog_period
from node_tui.system.slots import read_slots
from persist.errors import AccessError
from persist.translation import _
from plugins.api.access import ROLES, Role
from plugins.api.events import Operation

ROOT = Path("/")


def run(folder: Path | None) -> int:
    """Serve on systemd's sockets, or on sockets of our own below ``folder``."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    sockets = open_sockets(folder) if folder else _passed_sockets()
    asyncio.run(_serve(build_engine(), sockets))
    return 0


def build_engine() -> Engine:
    """Return the engine of this machine."""
    return Engine(
        read_facts=FactsReader(ROOT).read,
        read_slots=lambda: read_slots(ROOT),
        health=HealthReader(ROOT),
        sessions=Sessions(Pam()),
        act_on_power=Power().act,
        install=_install,
    )


def _install(operations: object, dry_run: bool) -> Operation:  # noqa: FBT001
    raise NotImplementedError


def _passed_sockets() -> dict[Role, socket.socket]:
    passed = take_sockets()
    sockets: dict[Role, socket.socket] = {role: passed[role] for role in ROLES if role in passed}
    if not sockets:
        raise AccessError(
            _("systemd passed no socket named viewer, operator or admin."),
            _("Start node-engine.service, or use nodectl engine --sockets FOLDER."),
        )
    return sockets


async def _serve(engine: Engine, sockets: Mapping[Role, socket.socket]) -> None:
    server = RoleServer(build_app(engine), sockets)
    server.on_started = lambda: notify("READY=1")
    alive = asyncio.create_task(_show_life())
    try:
        await server.serve()
    finally:
        notify("STOPPING=1")
        alive.cancel()


async def _show_life() -> None:
    """Feed systemd's watchdog from the event loop: a loop that hangs gets restarted."""
    period = watchdog_period()
    while period:
        notify("WATCHDOG=1")
        await asyncio.sleep(period)
