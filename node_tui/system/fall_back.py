"""Leave a slot that did not prove itself: systemd starts this when a boot did not complete.

Only an unproven slot is given up. On a proven one, on a live node, and when the boot state cannot
be read, the machine stays up: a failing check is a line of the status page then and no more.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from node_tui.system.boot_mode import read_boot
from node_tui.system.boot_state import BootStateStore, Copies
from node_tui.system.power import Power
from persist.errors import NodeError
from persist.translation import _
from plugins.api.facts import SlotName

TRIES = ("try3", "try2", "try1", "bad")


def main() -> int:
    """Reboot when the booted slot is unproven; 0 unless that cannot be asked for."""
    try:
        slot = read_boot(Path("/")).slot
        leave = slot is not None and is_unproven(slot, BootStateStore().read)
        sys.stderr.write(_describe(slot, leave=leave) + "\n")
        if leave:
            Power().act("reboot")
    except (NodeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def is_unproven(slot: SlotName, read: Callable[[], Copies]) -> bool:
    """Say whether ``slot`` still counts its tries down (the last of them is written as bad)."""
    state = read().state
    return state is not None and state.mark(slot) in TRIES


def _describe(slot: SlotName | None, *, leave: bool) -> str:
    if slot is None:
        return _("this boot did not complete; it comes from no slot, so the machine stays up")
    if leave:
        return _("slot {slot} did not prove itself: restarting").format(slot=slot)
    return _("this boot did not complete; slot {slot} proved itself before and stays").format(
        slot=slot
    )
