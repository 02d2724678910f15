"""persist and unpersist: this image keeps the config of a node, and no single files yet."""

from node_tui.cli.terminal import run_command
from persist.errors import PlanError
from persist.translation import _


def main() -> int:
    """Refuse: a change that looks kept and is lost at reboot would be worse than none."""
    return run_command(_refuse)


def _refuse() -> int:
    raise PlanError(
        _("This image cannot persist single files; nothing was changed."),
        _("What the node remembers is its config: see nodectl status."),
    )
