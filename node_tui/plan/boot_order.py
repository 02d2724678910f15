"""What GRUB does with a boot state: the order in which it tries to start things.

``image/grub/grub.cfg`` decides; this is its twin for planners ("what would happen if ...") and for
tests, which run both and compare.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from node_tui.plan.boot_state import (
    COUNTDOWN,
    BootState,
    newest_copy,
    other_slot,
)
from plugins.api.facts import SlotName


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing GRUB tries to start; it goes on to the next only when this cannot be loaded.

    ``slot`` is None for the rescue kernel. ``reason`` is what the kernel is told (``node.boot=`` of
    a slot, ``node.rescue=`` of the rescue kernel). ``copies`` are the two copies at this moment.
    """

    slot: SlotName | None
    reason: str
    copies: tuple[BootState | None, BootState | None]


@dataclass
class Boot:
    """One run of the boot script over two copies, the writable ones in ``writable``."""

    copies: list[BootState | None]
    writable: tuple[bool, bool] = (True, True)

    def attempts(self) -> Iterator[Attempt]:
        """Yield what is tried, in order; a consumer stops at the first that can be loaded."""
        newest = newest_copy(*self.copies)
        if newest is None:
            yield self._attempt("A", "no-state")
            yield self._attempt("B", "no-state")
        else:
            state = self.copies[newest]
            assert state is not None  # noqa: S101 - newest_copy points to a whole copy
            yield from self._attempts_by_state(state)
        yield self._attempt(None, "nothing-starts")

    def _attempts_by_state(self, state: BootState) -> Iterator[Attempt]:
        choice = state.active if state.mark(state.active) == "good" else state.good
        left = COUNTDOWN.get(state.mark(state.active))
        counted = state if left is None else state.marked(state.active, left)
        if left is not None and self._write(counted):
            choice = state.active
        if left is None and choice == state.good and _is_spent_installation(state):
            yield self._attempt(None, "not-proven")
        yield self._attempt(choice, "")
        if left is not None and choice == state.active:
            self._write(counted.marked(state.active, "bad"))
        if choice == state.good:
            yield self._attempt(other_slot(choice), "last-resort")
        else:
            yield self._attempt(state.good, "")

    def _write(self, state: BootState) -> bool:
        """Write ``state`` as the next one over the older copy; False when that cannot be."""
        newest = newest_copy(*self.copies)
        if newest is None:
            return False
        current = self.copies[newest]
        assert current is not None  # noqa: S101 - newest_copy points to a whole copy
        older = 1 - newest
        if not self.writable[older]:
            return False
        self.copies[older] = BootState(
            gen=(current.gen + 1) % 3, active=state.active, good=state.good, a=state.a, b=state.b
        )
        return True

    def _attempt(self, slot: SlotName | None, reason: str) -> Attempt:
        return Attempt(slot, reason, (self.copies[0], self.copies[1]))


def _is_spent_installation(state: BootState) -> bool:
    """Tell whether the only slot ever written used up its starts."""
    return state.mark(state.good) == "bad" and state.mark(other_slot(state.good)) == "empty"
