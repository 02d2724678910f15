"""The boot state: which slot should run, which proved itself, how many starts a new one has left.

It is one word, ``GEN.ACTIVE.GOOD.A.B.GEN``, kept in two copies; ``image/grub/grub.cfg`` is the same
machine in GRUB's language and explains the word. This module is values only; the copies on the ESP
are ``node_tui.system.boot_state``'s. Tests run both machines against each other.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal, get_args

from persist.errors import StepError
from persist.translation import _
from plugins.api.facts import SlotMark, SlotName

Copy = Literal[0, 1]
MARKS: tuple[SlotMark, ...] = get_args(SlotMark)
SLOTS: tuple[SlotName, ...] = get_args(SlotName)
COUNTDOWN: dict[SlotMark, SlotMark] = {"try3": "try2", "try2": "try1", "try1": "bad"}

_WORD = re.compile(
    r"([012])\.([AB])\.([AB])\.(good|try[123]|bad|empty)\.(good|try[123]|bad|empty)\.([012])"
)


@dataclass(frozen=True, slots=True)
class BootState:
    """One whole copy of the state; ``gen`` counts 0, 1, 2 in a circle."""

    gen: int
    active: SlotName
    good: SlotName
    a: SlotMark
    b: SlotMark

    def __str__(self) -> str:
        return f"{self.gen}.{self.active}.{self.good}.{self.a}.{self.b}.{self.gen}"

    def mark(self, slot: SlotName) -> SlotMark:
        """Return the mark of ``slot``."""
        return self.a if slot == "A" else self.b

    def marked(self, slot: SlotName, mark: SlotMark) -> "BootState":
        """Return this state with another mark of ``slot``."""
        return replace(self, a=mark) if slot == "A" else replace(self, b=mark)

    def next_copy(self) -> "BootState":
        """Return this state as the next one to write."""
        return replace(self, gen=(self.gen + 1) % 3)


def parse_word(word: str) -> BootState | None:
    """Return the state ``word`` stands for, None when it is not a whole one."""
    found = _WORD.fullmatch(word)
    if found is None or found[1] != found[6]:
        return None
    _gen, active, good, a, b, _end = found.groups()
    # The pattern admits nothing else; mypy cannot know.
    return BootState(int(found[1]), active, good, a, b)  # type: ignore[arg-type]


def newest_copy(first: BootState | None, second: BootState | None) -> Copy | None:
    """Return which of the two copies counts, None when neither is whole.

    A writer changes only the older copy and counts one up, so two whole copies are one apart; when
    they are equal, the first counts.
    """
    if first is None:
        return None if second is None else 1
    if second is None:
        return 0
    return 1 if second.gen == (first.gen + 1) % 3 else 0


def fresh_state(slot: SlotName) -> BootState:
    """Return the state of a new installation: only ``slot`` holds an image, and it is unproven."""
    state = BootState(gen=0, active=slot, good=slot, a="empty", b="empty")
    return state.marked(slot, "try3")


def rebuilt_state(booted: SlotName) -> BootState:
    """Return the state to write when no copy is left: what runs is all that is known to run."""
    state = BootState(gen=0, active=booted, good=booted, a="bad", b="bad")
    return state.marked(booted, "good")


def other_slot(slot: SlotName) -> SlotName:
    """Return the other one."""
    return "B" if slot == "A" else "A"


def mark_good(state: BootState, slot: SlotName) -> BootState:
    """Return the state after ``slot`` proved itself: it is the one to fall back to from now on."""
    return replace(state.marked(slot, "good"), good=slot)


def mark_bad(state: BootState, slot: SlotName) -> BootState:
    """Return the state after ``slot`` turned out unusable or is about to be written over.

    What runs next must be a slot with an image: when ``slot`` was to run, the other one is, if it
    is good.
    """
    marked = state.marked(slot, "bad")
    left = other_slot(slot)
    if marked.mark(left) != "good":
        return marked
    return replace(marked, active=left, good=left)


def mark_active(state: BootState, slot: SlotName) -> BootState:
    """Return the state in which ``slot`` runs at the next boot.

    One that was written anew (``bad`` until now, or ``empty``) gets three starts to prove itself.
    """
    marked = state.marked(slot, "try3") if state.mark(slot) in {"bad", "empty"} else state
    return replace(marked, active=slot)


def next_boot(state: BootState) -> SlotName:
    """Return the slot GRUB will start, when it can be loaded."""
    usable = state.mark(state.active) not in {"bad", "empty"}
    return state.active if usable else state.good


def is_proven(state: BootState, slot: SlotName) -> bool:
    """Tell whether ``slot`` passed its health checks since it was written."""
    return state.mark(slot) == "good"


def parse_slot(text: str) -> SlotName:
    """Return the slot called ``text``; StepError when there is none of that name."""
    if text in SLOTS:
        return text
    raise StepError(
        _("There is no slot {slot!r}").format(slot=text), _("The slots are called A and B.")
    )
