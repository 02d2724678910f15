"""Start the engine: take or make the sockets, put the parts together, serve until told to end."""

import asyncio
import logging
import socket
from collections.abc import Mapping
from pathlib import Path

from node_tui.engine.engine import Engine
from node_tui.engine.journal import log_to_journal
from node_tui.engine.listening import RoleServer, open_sockets
from node_tui.engine.operations import Operations
from node_tui.engine.routes import build_app
from node_tui.engine.sessions import Sessions
from node_tui.system.console_access import is_console_open
from node_tui.system.facts import FactsReader
from node_tui.system.health import HealthReader
from node_tui.system.pam import Pam
from node_tui.system.power import Power
from node_tui.system.service_manager import notify, take_sockets, watchdog_period
from node_tui.system.slots import SlotKeeper
from persist.errors import AccessError, NodeError
from persist.translation import _
from plugins.api.access import ROLES, Role
from plugins.api.events import Operation

ROOT = Path("/")

log = logging.getLogger("node.engine")


def run(folder: Path | None) -> int:
    """Serve on systemd's sockets, or on sockets of our own below ``folder``."""
    log_to_journal()
    sockets = open_sockets(folder) if folder else _passed_sockets()
    asyncio.run(_serve(build_engine(), sockets))
    return 0


def build_engine() -> Engine:
    """Return the engine of this machine."""
    slots = SlotKeeper(ROOT)
    facts = FactsReader(slots, ROOT)

    def install(operations: Operations, *, dry_run: bool) -> Operation:
        # Loaded for a live system that installs; an installed node never pays for it.
        from node_tui.engine.install import Installer  # noqa: PLC0415

        return Installer(facts.read_for_a_plan, ROOT).install(operations, dry_run=dry_run)

    return Engine(
        read_facts=facts.read,
        read_slots=lambda: slots.read(fresh=True),
        health=HealthReader(slots, ROOT),
        sessions=Sessions(Pam(), lambda: is_console_open(ROOT)),
        act_on_power=Power().act,
        install=install,
        mend=slots.repair,
    )


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
    loop = asyncio.get_running_loop()

    def begin() -> None:
        notify("READY=1")
        loop.run_in_executor(None, _mend, engine)

    server.on_started = begin
    server.on_stopping = engine.operations.release_followers
    alive = asyncio.create_task(_show_life())
    try:
        await server.serve()
    finally:
        notify("STOPPING=1")
        alive.cancel()


def _mend(engine: Engine) -> None:
    """Mend what the last boot left damaged; beside the answers, which must not wait for a disk."""
    try:
        engine.mend()
    except NodeError as error:
        log.warning("%s", error.message)


async def _show_life() -> None:
    """Feed systemd's watchdog from the event loop: a loop that hangs gets restarted."""
    period = watchdog_period()
    while period:
        notify("WATCHDOG=1")
        await asyncio.sleep(period)
