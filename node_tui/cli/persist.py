"""persist and unpersist: this image keeps the config of a node, and no single files yet."""

import argparse
import sys
from pathlib import Path

from node_tui.cli.terminal import run_command
from persist.errors import PlanError
from persist.translation import _


def main() -> int:
    """Refuse: a change that looks kept and is lost at reboot would be worse than none."""
    # Whatever else is asked for is refused too, so nothing else is parsed.
    build_parser(Path(sys.argv[0]).name).parse_known_args()
    return run_command(_refuse)


def build_parser(name: str) -> argparse.ArgumentParser:
    """Return the grammar of ``persist`` or ``unpersist``."""
    told = _("Keep single files over reboots: this image cannot yet, and says so.")
    return argparse.ArgumentParser(prog=name, description=told)


def _refuse() -> int:
    raise PlanError(
        _("This image cannot persist single files; nothing was changed."),
        _("What the node remembers is its config: see nodectl status."),
    )
