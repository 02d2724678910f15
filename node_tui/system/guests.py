"""The guests of this node. libvirt is woken as seldom as can be: an idle node does without it."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from node_tui.system.command import run
from node_tui.system.guest_probe import NO_ANSWER, NO_LIBRARY
from persist.errors import DependencyError, NodeError
from persist.translation import _
from plugins.api.facts import Guests

DEFINED = "etc/libvirt/qemu"
RUNNING = "run/libvirt/qemu"
# The first question starts the daemon, which takes its time on a slow machine.
SECONDS_TO_ANSWER = 60.0
SECONDS_BELIEVED = 300.0
PROBE = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from node_tui.system.guest_probe import main; sys.exit(main())"
)
CODE = Path(__file__).parents[2]


class GuestWatch:
    """Counts guests for those who look often.

    libvirt keeps one file for each guest that runs and one for each that is defined. It is asked
    only while guests run (its daemon is there then anyway), and when those files change.
    """

    def __init__(
        self,
        root: Path,
        ask: Callable[[], Guests] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root = root
        self._ask = ask or ask_libvirt
        self._clock = clock
        self._last: tuple[float, tuple[str, ...], Guests] | None = None

    def count(self) -> Guests:
        """Return how many guests run and how many are stopped."""
        running, defined = (_names(self._root / folder) for folder in (RUNNING, DEFINED))
        if not running:
            return Guests(running=0, stopped=len(defined))
        signs = (*running, "", *defined)
        now = self._clock()
        if self._last and self._last[1] == signs and now - self._last[0] < SECONDS_BELIEVED:
            return self._last[2]
        guests = self._ask()
        self._last = (now, signs, guests)
        return guests


def ask_libvirt() -> Guests:
    """Ask libvirt, read-only; NodeError when it does not answer."""
    answer = run(
        [sys.executable, "-I", "-c", PROBE, CODE],
        timeout=SECONDS_TO_ANSWER,
        accept=(0, NO_ANSWER, NO_LIBRARY),
    )
    if answer.exit_code == NO_LIBRARY:
        raise DependencyError(
            "libvirt", _("libvirt is not part of this image."), _("Use the hypervisor image.")
        )
    if answer.exit_code == NO_ANSWER:
        raise NodeError(
            _("libvirt does not answer: {reason}").format(reason=answer.stderr.strip()),
            _("The journal of libvirtd says why; a reboot starts it afresh."),
        )
    return msgspec.json.decode(answer.stdout, type=Guests)


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in folder.glob("*.xml")))
