"""nodectl: everything a node can do, from the command line. Thin: parse, ask the engine, print.

Modules of single verbs are loaded when their verb is asked for: ``nodectl status`` is often called
in loops and must answer at once.
"""

import argparse
import os
from importlib import import_module
from pathlib import Path

from node_tui.cli.terminal import run_command
from persist.translation import _
from plugins.api.access import ROLES, Role

SOCKETS = Path("/run/node")

# The module that runs a verb, and the role the verb needs.
VERBS: dict[str, tuple[str, Role]] = {
    "status": ("status", "viewer"),
    "facts": ("status", "viewer"),
    "slots": ("status", "viewer"),
    "health": ("health", "viewer"),
    "operations": ("operations", "viewer"),
    "install": ("install", "admin"),
    "reboot": ("power", "operator"),
    "poweroff": ("power", "operator"),
}


def main() -> int:
    """Run nodectl; return its exit code."""
    arguments = build_parser().parse_args()
    return run_command(lambda: _dispatch(arguments))


def build_parser() -> argparse.ArgumentParser:
    """Return the grammar of nodectl."""
    parser = argparse.ArgumentParser(prog="nodectl", description=_("Look at and drive this node."))
    verbs = parser.add_subparsers(dest="verb", required=True, metavar=_("VERB"))

    def add(name: str, description: str) -> argparse.ArgumentParser:
        verb = verbs.add_parser(name, help=description, description=description)
        verb.add_argument("--json", action="store_true", help=_("print JSON"))
        verb.add_argument(
            "--sockets", type=Path, metavar="DIR", help=_("folder of the engine's sockets")
        )
        return verb

    add("status", _("show what matters first"))
    add("facts", _("show everything the engine knows of this machine"))
    add("slots", _("show the root slots and their marks"))
    health = add("health", _("run the health checks"))
    health.add_argument(
        "--mark", action="store_true", help=_("wait for the checks, then mark the booted slot good")
    )
    operations = add("operations", _("list long work, or show one operation"))
    operations.add_argument("number", nargs="?", metavar="ID")
    operations.add_argument("--follow", action="store_true", help=_("print events as they come"))
    install = add("install", _("install this node as the kernel arguments say"))
    install.add_argument("--dry-run", action="store_true", help=_("print the plan, change nothing"))
    install.add_argument(
        "--unattended", action="store_true", help=_("then reboot; on failure say why and wait")
    )
    add("reboot", _("restart this machine"))
    add("poweroff", _("turn this machine off"))
    add("engine", _("run the engine (systemd does)"))
    return parser


def _dispatch(arguments: argparse.Namespace) -> int:
    folder: Path = arguments.sockets or SOCKETS
    if arguments.verb == "engine":
        from node_tui.engine.main import run  # noqa: PLC0415 - only this verb is the engine

        return run(arguments.sockets)
    from node_tui.client import Client  # noqa: PLC0415 - --help needs no client

    module, role = VERBS[arguments.verb]
    if arguments.verb == "health" and arguments.mark:
        role = "admin"
    client = Client(choose_socket(folder, role))
    code: int = import_module(f"node_tui.cli.{module}").run(client, arguments)
    return code


def choose_socket(folder: Path, needed: Role) -> Path:
    """Return the first socket of ``needed`` or a higher role that this user may open."""
    paths = [folder / f"{role}.sock" for role in ROLES[ROLES.index(needed) :]]
    return next((path for path in paths if os.access(path, os.W_OK)), paths[0])
