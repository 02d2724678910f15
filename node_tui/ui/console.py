"""Everything that a real console forces on Textual: the theme and the widgets.

Measured on the Linux VT (kernel font, 512-glyph fonts), in tmux and on serial lines: only the
eight dark colours are there everywhere, dim and bright text vanishes, half blocks, round corners
and check marks are missing glyphs, and what blinks or animates costs kilobytes a second. Focus is
shown by reverse video and by a mark, so that a monochrome screen shows it too.
"""

import os
import signal
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import Any, ClassVar

from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from textual.app import App, RenderResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Region
from textual.message import Message
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget
from textual.widgets import Input

from node_tui.ui.lines import Line, Tone, fit, printable

SMALLEST = (40, 12)

_PLAIN = "ansi_default"
THEME = Theme(
    name="console",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    accent="ansi_cyan",
    foreground=_PLAIN,
    background=_PLAIN,
    surface=_PLAIN,
    panel=_PLAIN,
    boost=_PLAIN,
    variables={
        # Without these two a theme of terminal colours ends with an undefined variable.
        "ansi-background": _PLAIN,
        "ansi-foreground": _PLAIN,
        "border": "ansi_cyan",
        "border-blurred": _PLAIN,
        "text-muted": _PLAIN,
        "text-disabled": _PLAIN,
        "foreground-muted": _PLAIN,
        "block-cursor-foreground": _PLAIN,
        "block-cursor-background": _PLAIN,
        "block-cursor-text-style": "reverse",
        "block-cursor-blurred-text-style": "none",
        "input-cursor-foreground": _PLAIN,
        "input-cursor-background": _PLAIN,
        "input-cursor-text-style": "reverse",
        "input-selection-foreground": _PLAIN,
        "input-selection-background": _PLAIN,
        "scrollbar": _PLAIN,
        "scrollbar-hover": _PLAIN,
        "scrollbar-active": _PLAIN,
        "scrollbar-background": _PLAIN,
        "scrollbar-background-hover": _PLAIN,
        "scrollbar-background-active": _PLAIN,
        "scrollbar-corner-color": _PLAIN,
    },
)

CSS = """
Screen { background: ansi_default; color: ansi_default; layers: frame content; }
ModalScreen { background: transparent; align: center middle; }
.dialog { width: 64; max-width: 100%; height: auto; max-height: 100%; padding: 1 2;
          border: solid ansi_cyan; border-title-color: ansi_cyan; background: ansi_default; }
"""

# Bold turns bright on some consoles and is lost on those with 512 glyphs: it never carries meaning.
_TONES: dict[Tone, Style] = {
    "plain": Style.null(),
    "title": Style(color="cyan"),
    "frame": Style.null(),
    "good": Style(color="green"),
    "bad": Style(color="red"),
    "warn": Style(color="yellow"),
    "key": Style(color="cyan"),
    "cursor": Style(reverse=True),
}


class PlainScrollBar(ScrollBarRender):
    """A scroll bar of spaces: eighth blocks are in no console font."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


class Canvas(Widget):
    """Shows lines as they are; only rows that changed are sent to the terminal."""

    DEFAULT_CSS = "Canvas { width: 1fr; height: auto; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Show ``lines``; a changed number of lines changes the height of an automatic canvas."""
        before, self._lines = self._lines, tuple(lines)
        if len(before) != len(self._lines):
            self.refresh(layout=True)
            return
        width = self.size.width
        pairs = enumerate(zip(before, self._lines, strict=True))
        changed = [Region(0, row, width, 1) for row, (old, new) in pairs if old != new]
        if changed:
            self.refresh(*changed)

    def get_content_height(self, container: Any, viewport: Any, width: int) -> int:  # noqa: ARG002
        """Return one row a line."""
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        """Return row ``y`` in the colours of the theme."""
        width = self.size.width
        shown = fit(self._lines[y], width) if y < len(self._lines) else fit((), width)
        return Strip([Segment(span.text, _TONES[span.tone]) for span in shown], width)


@dataclass(frozen=True)
class Choice:
    """An entry of a list; ``explain`` is shown beside it."""

    id: str
    label: str
    explain: str = ""


class ChoiceList(Widget, can_focus=True):
    """A list with a mark at the current entry: arrows move, Enter chooses."""

    DEFAULT_CSS = "ChoiceList { width: 1fr; height: auto; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("home,pageup", "move(-1000)", show=False),
        Binding("end,pagedown", "move(1000)", show=False),
        Binding("enter,space", "choose", show=False),
    ]

    @dataclass
    class Moved(Message):
        """The mark is at another entry now."""

        choice: Choice

    @dataclass
    class Chosen(Message):
        """The user wants this entry."""

        choice: Choice

    def __init__(self, choices: Sequence[Choice], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.choices = tuple(choices)
        self.index = 0

    @property
    def current(self) -> Choice:
        """The entry at the mark."""
        return self.choices[self.index]

    def get_content_height(self, container: Any, viewport: Any, width: int) -> int:  # noqa: ARG002
        """Return one row an entry."""
        return len(self.choices)

    def render_line(self, y: int) -> Strip:
        """Return row ``y``; the current entry is marked and reversed."""
        width = self.size.width
        if y >= len(self.choices):
            return Strip.blank(width)
        mark = ">" if y == self.index else " "
        text = printable(f"{mark} {self.choices[y].label}")
        style = _TONES["cursor" if y == self.index and self.has_focus else "plain"]
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)

    def action_move(self, rows: int) -> None:
        """Move the mark, not past the ends."""
        index = min(max(self.index + rows, 0), len(self.choices) - 1)
        if index != self.index:
            self.index = index
            self.refresh()
            self.post_message(self.Moved(self.current))

    def action_choose(self) -> None:
        """Tell the page that the current entry is wanted."""
        self.post_message(self.Chosen(self.current))


class PushButton(Widget, can_focus=True):
    """``[ Reboot ]``: reversed while focused; Enter or Space pushes it, arrows go on."""

    DEFAULT_CSS = "PushButton { width: auto; height: 1; margin: 0 2 0 0; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "push", show=False),
        Binding("right,down", "app.focus_next", show=False),
        Binding("left,up", "app.focus_previous", show=False),
    ]

    @dataclass
    class Pushed(Message):
        """The button with this id was pushed."""

        id: str

    def __init__(self, label: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.label = label

    def render(self) -> RenderResult:
        """Return the label; ``>`` marks the focus where reverse video is not seen."""
        mark = ">" if self.has_focus else " "
        return Content.styled(f"[{mark}{self.label} ]", "reverse" if self.has_focus else "")

    def action_push(self) -> None:
        """Tell the dialog."""
        self.post_message(self.Pushed(self.id or ""))


class Toggle(Widget, can_focus=True):
    """``[x] label`` or ``(*) label``: on and off differ by a character, never by colour alone."""

    DEFAULT_CSS = "Toggle { width: 1fr; height: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "turn", show=False)]

    @dataclass
    class Toggled(Message):
        """The toggle with this id has a new value."""

        id: str
        value: bool

    def __init__(
        self, label: str, name: str, *, value: bool = False, round_mark: bool = False
    ) -> None:
        super().__init__(id=name)
        self.label = label
        self.value = value
        self._marks = ("( )", "(*)") if round_mark else ("[ ]", "[x]")

    def render(self) -> RenderResult:
        """Return the mark and the label."""
        text = f"{self._marks[self.value]} {self.label}"
        return Content.styled(text, "reverse" if self.has_focus else "")

    def action_turn(self) -> None:
        """Turn it over and tell the page."""
        self.value = not self.value
        self.refresh()
        self.post_message(self.Toggled(self.id or "", self.value))


class PlainInput(Input):
    """A one-line field without border, blink or clipboard; brackets around it show its size."""

    DEFAULT_CSS = """
    PlainInput, PlainInput:focus { border: none; width: 1fr; height: 1; padding: 0;
                                   background: ansi_default; background-tint: ansi_default 0%; }
    PlainInput > .input--cursor { background: ansi_default; color: ansi_default;
                                  text-style: reverse; }
    PlainInput > .input--selection { background: ansi_default; color: ansi_default;
                                     text-style: reverse; }
    """

    def __init__(self, *, password: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            password=password, id=id, compact=True, max_length=512, select_on_focus=False
        )
        self.cursor_blink = False

    def action_copy(self) -> None:
        """Copy nothing: the clipboard is the terminal's, and this may be a secret."""

    def action_cut(self) -> None:
        """Cut nothing, for the same reason."""


class SerialProofDriver(LinuxDriver):
    """Serves terminals behind a serial line: noise comes in, and tmux draws the lines."""

    def write(self, data: str) -> None:
        """Write the heavy tee for the light one, which tmux 3.5 turns into ``_`` on such a line."""
        super().write(data.replace("┬", "┳") if os.environ.get("TERM") == "screen" else data)

    def run_input_thread(self) -> None:
        """Drop bytes that are no UTF-8; Textual's own thread ends the app because of them."""
        while True:
            try:
                super().run_input_thread()
            except UnicodeDecodeError:
                continue
            return


class LockedApp(App[None], inherit_bindings=False):
    """An app that cannot be left, suspended, photographed or talked into opening something."""

    CSS = CSS
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    ESCAPE_TO_MINIMIZE = False
    COMMANDS: ClassVar[set[Any]] = set()

    def __init__(self) -> None:
        super().__init__(driver_class=SerialProofDriver)
        self.crash = ""
        # Textual prints the local variables of a crash; a password may be among them.
        self.error_console = Console(file=StringIO())
        ScrollBar.renderer = PlainScrollBar
        self.register_theme(THEME)
        self.theme = THEME.name

    def _handle_exception(self, error: Exception) -> None:
        """Keep what happened, without values, for the journal."""
        self.crash = self.crash or "".join(traceback.format_exception(error))
        super()._handle_exception(error)

    def panic(self, *renderables: RenderableType) -> None:
        """Keep that a thread of the terminal failed; what it was doing is not told here."""
        self.crash = self.crash or "the console's terminal thread ended\n"
        super().panic(*renderables)

    def ignore_signals(self) -> None:
        """Ignore what a keyboard or a shell sends; call it after Textual set its own handlers.

        The terminal is in raw mode, so that keys send no signals; this is the second lock.
        """
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
            signal.signal(number, signal.SIG_IGN)

    def bell(self) -> None:
        """Stay silent."""

    def copy_to_clipboard(self, text: str) -> None:
        """Copy nothing."""

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Open nothing."""

    @contextmanager
    def suspend(self) -> Iterator[None]:
        """Never give the terminal away."""
        yield

    def action_suspend_process(self) -> None:
        """Never stop."""

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Write no files."""

    def action_command_palette(self) -> None:
        """Open no palette."""

    async def action_quit(self) -> None:
        """Do not quit."""
