"""The root slots of an installed node: the boot state of the ESP beside what runs."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Protocol

from node_tui.plan.boot_state import SLOTS, BootState, mark_good
from node_tui.system.boot_mode import read_boot
from node_tui.system.boot_state import BootStateStore, Copies
from node_tui.system.release import read_release
from persist.translation import _
from plugins.api.facts import Slot, SlotName, Slots

# Reading mounts the ESP: a status page that looks every few seconds must not do that each time.
# Only the engine and RAUC's backend, which the engine drives, change the state while we run.
SECONDS_BELIEVED = 60.0

log = logging.getLogger("node.slots")


class StateStore(Protocol):
    """Where the boot state lies."""

    def read(self) -> Copies: ...
    def change(self, change: Callable[[BootState], BootState]) -> BootState: ...
    def repair(self, booted: SlotName) -> tuple[str, ...]: ...


class SlotKeeper:
    """Tells the slots, keeps both copies of their state whole, marks the booted one good."""

    def __init__(
        self,
        root: Path = Path("/"),
        store: StateStore | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root = root
        self._store = store or BootStateStore()
        self._clock = clock
        self._lock = Lock()
        self._known: tuple[float, Slots] | None = None

    def read(self, *, fresh: bool = False) -> Slots:
        """Return the slots; a node that runs from a medium has none."""
        booted = self._booted()
        if booted is None:
            return Slots()
        with self._lock:
            if self._known and not fresh and self._clock() - self._known[0] < SECONDS_BELIEVED:
                return self._known[1]
            slots = self._describe(booted, self._store.read())
            self._known = (self._clock(), slots)
            return slots

    def repair(self) -> None:
        """Mend a damaged copy of the state: GRUB cannot, and one more damage would lose it."""
        booted = self._booted()
        if booted is None:
            return
        with self._lock:
            self._known = None
            damaged = self._store.repair(booted)
        if damaged:
            log.warning("boot state: %s damaged, written again", " ".join(damaged))

    def mark_booted_good(self) -> str:
        """Record that the booted slot proved itself; return what happened in words."""
        booted = self._booted()
        if booted is None:
            return _("This node runs from a medium: there is no slot to mark.")
        self.repair()
        with self._lock:
            self._known = None
            self._store.change(lambda state: mark_good(state, booted))
        return _("Slot {slot} is good.").format(slot=booted)

    def _booted(self) -> SlotName | None:
        boot = read_boot(self._root)
        return boot.slot if boot.mode == "installed" else None

    def _describe(self, booted: SlotName, copies: Copies) -> Slots:
        state = copies.state
        if state is None:
            problem = _("Neither copy of the boot state is whole.")
            return Slots(booted=booted, problem=problem)
        slots = tuple(
            Slot(
                name=name,
                device=f"/dev/node/slot-{name.lower()}",
                mark=state.mark(name),
                version=read_release(self._root).version if name == booted else "",
                booted=name == booted,
                active=name == state.active,
            )
            for name in SLOTS
        )
        damaged = ", ".join(copies.damaged)
        problem = _("Damaged copy of the boot state: {names}.").format(names=damaged)
        return Slots(
            booted=booted,
            active=state.active,
            good=state.good,
            slots=slots,
            problem=problem if damaged else "",
        )
