"""What RAUC calls to know and to change which slot starts (its "custom" boot loader backend).

RAUC runs ``rauc-backend VERB [SLOT [STATE]]``, takes the answer from standard output and any exit
code but 0 for a failure. Source: RAUC reference manual, "Custom Bootloader Backend Interface".
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from node_tui.plan.boot_state import (
    BootState,
    mark_active,
    mark_bad,
    mark_good,
    next_boot,
    parse_slot,
)
from node_tui.system.boot_state import BootStateStore
from persist.errors import NodeError, StepError
from persist.translation import _
from plugins.api.facts import SlotName

COMMAND_LINE = Path("/proc/cmdline")
ARGUMENT = "rauc.slot="


class Backend:
    """The verbs of RAUC's protocol over a boot state."""

    def __init__(self, store: BootStateStore, command_line: Path = COMMAND_LINE) -> None:
        self._store = store
        self._command_line = command_line

    def answer(self, words: Sequence[str]) -> str:
        """Obey one call and return its output; StepError when the call is not of the protocol."""
        match words:
            case ["get-primary"]:
                return next_boot(self._state())
            case ["set-primary", slot]:
                self._store.change(lambda state: mark_active(state, parse_slot(slot)))
                return ""
            case ["get-state", slot]:
                usable = self._state().mark(parse_slot(slot)) not in {"bad", "empty"}
                return "good" if usable else "bad"
            case ["set-state", slot, "good"]:
                self._store.change(lambda state: mark_good(state, parse_slot(slot)))
                return ""
            case ["set-state", slot, "bad"]:
                self._store.change(lambda state: mark_bad(state, parse_slot(slot)))
                return ""
            case ["get-current"]:
                return booted_slot(self._command_line.read_text())
        raise StepError(
            _("RAUC asked for {words!r}, which this backend does not know").format(
                words=" ".join(words)
            ),
            _("Report it with the version of RAUC: its protocol has changed."),
        )

    def _state(self) -> BootState:
        state = self._store.read().state
        if state is None:
            raise StepError(
                _("Neither copy of the boot state on the ESP is whole"),
                _("Reboot: the engine makes a new one from what runs."),
            )
        return state


def booted_slot(command_line: str) -> SlotName:
    """Return the slot GRUB started, from the kernel's ``command_line``; the last word counts."""
    words = [word for word in command_line.split() if word.startswith(ARGUMENT)]
    if not words:
        raise StepError(
            _("The kernel command line has no {argument}").format(argument=ARGUMENT),
            _("This machine was not started from an installed slot; slots are no matter here."),
        )
    return parse_slot(words[-1].removeprefix(ARGUMENT))


def main() -> int:
    """Run one call of RAUC's and return the exit code."""
    try:
        answer = Backend(BootStateStore()).answer(sys.argv[1:])
    except NodeError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    if answer:
        sys.stdout.write(f"{answer}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
