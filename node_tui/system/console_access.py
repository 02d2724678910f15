"""Whether the console is admin's without a login: on a live medium, until a password is given."""

from pathlib import Path

from node_tui.system.boot_mode import read_boot
from persist.errors import PlanError

ADMIN = "admin"
SHADOW = "etc/shadow"


def is_console_open(root: Path) -> bool:
    """Say whether admin may use this console without a password.

    Only on a live medium: whoever starts one owns the machine, and its admin has no password to
    give. A hash in shadow(5), from an argument or a later change, closes the console at once. What
    cannot be read counts as closed.
    """
    try:
        return read_boot(root).mode == "live" and not _has_password(root)
    except (PlanError, OSError, LookupError, ValueError):
        return False


def _has_password(root: Path) -> bool:
    for line in (root / SHADOW).read_text(encoding="utf-8").splitlines():
        name, field, *_rest = line.split(":")
        if name == ADMIN:
            return field[:1] not in ("!", "*")
    raise LookupError(ADMIN)
