"""``node-tui``: the console. Parses, builds the app, runs it."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from node_tui.ui.journal import send_faults_to_journal, tell
from node_tui.ui.node_client import NodeClient
from node_tui.ui.terminal import has_terminal, prepare_environment, recognise_terminal, use_utf8
from persist.translation import _
from plugins.api.access import ROLES, Role

RUN_DIR = Path("/run/node")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the console and return its exit code."""
    options = _parse(argv)
    if not has_terminal():
        _complain(_("node-tui needs a terminal on standard input and standard error"))
        return 1
    terminal = recognise_terminal(os.environ, mono=options.mono, serial=options.serial)
    prepare_environment(os.environ, terminal)
    use_utf8()
    send_faults_to_journal()
    from node_tui.ui.app import NodeApp, Station  # noqa: PLC0415 - Textual reads the environment

    if options.demo:
        station = Station(may_leave=True, simulated=True)
    else:
        role = role_of(options.socket)
        station = Station(role=role, may_leave=role != "viewer")
    app = NodeApp(_connector(options), station, terminal)
    app.run(mouse=False)
    if app.crash:
        tell(app.crash)
        _complain(_("The console ended by a fault of its own; the journal has the details"))
        return 1
    return 0


def _complain(text: str) -> None:
    sys.stderr.write(f"node-tui: {text}\n")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    options = build_parser().parse_args(argv)
    options.socket = options.socket or default_socket(RUN_DIR)
    return options


def build_parser() -> argparse.ArgumentParser:
    """Return the grammar of node-tui."""
    parser = argparse.ArgumentParser(prog="node-tui", description=_("The console of a node"))
    parser.add_argument(
        "--socket",
        type=Path,
        metavar="PATH",
        help=_("the engine's socket (default: the first of admin, operator, viewer that opens)"),
    )
    parser.add_argument("--demo", action="store_true", help=_("show a simulated node"))
    parser.add_argument("--mono", action="store_true", help=_("use no colours"))
    parser.add_argument("--serial", action="store_true", help=_("spare a slow line"))
    return parser


def default_socket(folder: Path) -> Path:
    """Return the socket with the most rights that this user may open, else the viewer's."""
    paths = [folder / f"{role}.sock" for role in ("admin", "operator", "viewer")]
    openable = [path for path in paths if os.access(path, os.R_OK | os.W_OK)]
    return openable[0] if openable else paths[-1]


def role_of(socket: Path) -> Role:
    """Return the rights that a socket gives by its name; any other name gives the least."""
    return next((role for role in ROLES if role == socket.stem), "viewer")


def _connector(options: argparse.Namespace) -> Callable[[], NodeClient]:
    """Return what makes a connection; each user of one, feed and dialogs, gets its own."""
    if options.demo:
        from node_tui.ui.demo import SimulatedNode  # noqa: PLC0415 - first frame

        return SimulatedNode
    from node_tui.client import Client  # noqa: PLC0415 - first frame

    socket: Path = options.socket
    return lambda: Client(socket)


if __name__ == "__main__":
    sys.exit(main())
