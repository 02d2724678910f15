"""The terminal that the console runs on, and the environment that Textual must find."""

import sys
from collections.abc import MutableMapping
from dataclasses import dataclass

# Emulators of these usually do colour; the real ones, and what answers to these names, may not.
_MONOCHROME_TERMS = frozenset({"dumb", "vt52", "vt100", "vt102", "vt220", "vt320"})
# What reaches tmux came over a serial line or SSH: fewer repaints.
_SLOW_TERMS = ("screen", "tmux", "vt")


@dataclass(frozen=True)
class Terminal:
    """What the console may expect of its terminal."""

    mono: bool = False
    slow: bool = False

    @property
    def look_interval(self) -> float:
        """Seconds between two looks at the node."""
        return 5.0 if self.slow else 2.0

    @property
    def repaint_gap(self) -> float:
        """Seconds between two repaints that no key asked for."""
        return 1.0 if self.slow else 0.25


def recognise_terminal(environ: MutableMapping[str, str], *, mono: bool, serial: bool) -> Terminal:
    """Say what kind of terminal ``TERM`` names; the options win over the guess."""
    term = environ.get("TERM", "")
    return Terminal(
        mono=mono or bool(environ.get("NO_COLOR")) or term in _MONOCHROME_TERMS,
        slow=serial or term.startswith(_SLOW_TERMS),
    )


def prepare_environment(environ: MutableMapping[str, str], terminal: Terminal) -> None:
    """Set what Textual reads at import, and take away what would open a way around the console.

    TEXTUAL=devtools, TEXTUAL_PRESS and the like are for developers. COLUMNS and LINES would freeze
    the size; without them a terminal of unknown size counts as 80x24 and a resize is followed. The
    VT has no Chinese glyphs at all, so Chinese is never shown there.
    """
    for name in [name for name in environ if name.startswith("TEXTUAL")]:
        del environ[name]
    for name in ("COLUMNS", "LINES", "COLORTERM", "FORCE_COLOR", "NO_COLOR"):
        environ.pop(name, None)
    environ["TEXTUAL_COLOR_SYSTEM"] = "standard"
    environ["TEXTUAL_ANIMATIONS"] = "none"
    environ["TEXTUAL_SMOOTH_SCROLL"] = "0"
    environ["TEXTUAL_DISABLE_KITTY_KEY"] = "1"
    environ["TEXTUAL_THEME"] = "ansi-dark"
    if terminal.mono:
        environ["NO_COLOR"] = "1"
    if terminal.slow:
        environ.setdefault("ESCDELAY", "250")
    if environ.get("TERM") == "linux":
        environ["NODE_LANG"] = "en"


def has_terminal() -> bool:
    """Say whether a screen can be drawn; Textual draws on standard error."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def use_utf8() -> None:
    """Print UTF-8 whatever the locale says; LC_ALL=POSIX would print escapes for box lines."""
    for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.reconfigure(encoding="utf-8", errors="replace")
