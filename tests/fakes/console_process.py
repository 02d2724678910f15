"""Runs the real console on the terminal it is started on, with a fake node behind it.

``python -m tests.fakes.console_process SCENE [--mono]``, from the repository's root.
"""

import os
import sys
from pathlib import Path

from node_tui.ui.journal import send_faults_to_journal
from node_tui.ui.terminal import prepare_environment, recognise_terminal, use_utf8
from tests.fakes.node_client import SCENES


def main() -> int:
    """Start the console on a scene; its exit code is 3 when it ended by itself."""
    terminal = recognise_terminal(os.environ, mono="--mono" in sys.argv, serial=False)
    prepare_environment(os.environ, terminal)
    use_utf8()
    send_faults_to_journal()
    from node_tui.ui.app import NodeApp, Station  # noqa: PLC0415 - Textual reads the environment

    node = SCENES[sys.argv[1]]
    app = NodeApp(lambda: node, Station(), terminal)
    app.run(mouse=False)
    Path(os.environ.get("CRASH_FILE", os.devnull)).write_text(app.crash, encoding="utf-8")
    return 3


if __name__ == "__main__":
    raise SystemExit(main())
