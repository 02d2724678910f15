"""Keys that a page understands now: one table, dispatched, shown in the footer, explained."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from textual import events

from node_tui.ui.lines import Line, Span, line, width_of

_CAPS = {
    "escape": "Esc",
    "tab": "Tab",
    "enter": "Enter",
    "question_mark": "?",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}


@dataclass(frozen=True)
class Key:
    """One thing that can be done now. ``names`` are Textual's key names; all of them do the same.

    ``explain`` is the sentence of the help page; without a ``label`` it is not in the footer.
    """

    names: tuple[str, ...]
    label: str
    explain: str
    act: Callable[[], Any]
    printed: str = ""

    @property
    def caps(self) -> str:
        """What is printed on the keys: ``F2/l``."""
        return self.printed or "/".join(key_cap(name) for name in self.names)

    @property
    def short_cap(self) -> str:
        """What is printed on the key that every terminal has."""
        return self.printed or key_cap(self.names[-1])


def key_cap(name: str) -> str:
    """Return how a key is called on the screen."""
    if name in _CAPS:
        return _CAPS[name]
    return name.upper() if len(name) > 1 and name[0] == "f" else name


def press(event: events.Key, keys: Sequence[Key]) -> bool:
    """Do what ``event`` asks for, if one of ``keys`` is meant; say whether it was."""
    for key in keys:
        if event.key in key.names:
            event.stop()
            event.prevent_default()
            key.act()
            return True
    return False


def key_bar(keys: Sequence[Key], cells: int) -> Line:
    """Return the footer: all keys with both names, or with the first one when the line is short."""
    shown = [key for key in keys if key.label]
    full = _bar([(key.caps, key.label) for key in shown])
    if width_of(full) <= cells:
        return full
    return _bar([(key.short_cap, key.label) for key in shown])


def _bar(entries: Sequence[tuple[str, str]]) -> Line:
    parts: list[str | Span] = [" "]
    for caps, label in entries:
        parts += [Span(caps, "key"), f" {label}   "]
    return line(*parts)
