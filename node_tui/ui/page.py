"""The frame of every page and dialog: title above, keys below, what a key does from one table."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from node_tui.ui.console import SMALLEST, Canvas
from node_tui.ui.keys import Key, key_bar, press
from node_tui.ui.lines import Line, line
from persist.translation import _

T = TypeVar("T")


def quiet_focus() -> Reactive[Widget | None]:
    """Return a screen's ``focused`` that draws nothing: the two widgets concerned draw themselves.

    Textual's own draws the whole screen at every Tab, which is a kilobyte even through tmux.
    """
    return Reactive(None, repaint=False)


class Page(Screen[None]):
    """A full screen: one title line, the body, one line with the keys that are valid now."""

    DEFAULT_CSS = """
    Page > #title { dock: top; height: 1; }
    Page > #keys { dock: bottom; height: 1; }
    """

    focused = quiet_focus()

    def compose(self) -> ComposeResult:
        """Put the body between title and keys."""
        yield Canvas(id="title")
        yield from self.compose_body()
        yield Canvas(id="keys")

    def compose_body(self) -> ComposeResult:
        """Return the widgets of this page."""
        yield from ()

    def keys(self) -> Sequence[Key]:
        """Return what the page understands now."""
        return ()

    def title_line(self, cells: int) -> Line:
        """Return the first line of the screen."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw what changed."""
        raise NotImplementedError

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.draw()

    @property
    def area(self) -> tuple[int, int]:
        """Columns and rows to draw for; a page does not care how it looks while it is covered."""
        return max(self.app.size.width, SMALLEST[0]), max(self.app.size.height, SMALLEST[1])

    def show_edges(self) -> None:
        """Draw the title and the keys again."""
        width = self.area[0]
        self.query_one("#title", Canvas).show([self.title_line(width)])
        self.query_one("#keys", Canvas).show([key_bar(self.keys(), width)])

    def on_key(self, event: events.Key) -> None:
        """Do what the table of keys says; a key typed ahead of a new page is not for this one."""
        if self.is_active:
            press(event, self.keys())

    def leave(self) -> None:
        """Go back to the page below."""
        if self.is_active:
            self.dismiss()


class Dialog(ModalScreen[T], Generic[T]):
    """A question in a box; its keys replace those of the page below."""

    DEFAULT_CSS = "Dialog > #keys { dock: bottom; height: 1; }"

    focused = quiet_focus()

    def compose(self) -> ComposeResult:
        """Put the box above the keys."""
        yield from self.compose_body()
        yield Canvas(id="keys")

    def compose_body(self) -> ComposeResult:
        """Return the widgets of this dialog."""
        yield from ()

    def keys(self) -> Sequence[Key]:
        """Return what the dialog understands now."""
        return ()

    def on_resize(self) -> None:
        """Show the keys for the new width."""
        self.show_keys()

    def show_keys(self) -> None:
        """Draw the keys again."""
        self.query_one("#keys", Canvas).show([key_bar(self.keys(), self.app.size.width)])

    def on_key(self, event: events.Key) -> None:
        """Do what the table of keys says; a key typed ahead of a new page is not for this one."""
        if self.is_active:
            press(event, self.keys())

    @property
    def is_open(self) -> bool:
        """Whether nobody closed it yet; an answer of the engine may come later than that."""
        return self in self.app.screen_stack

    def leave(self, result: T | None = None) -> None:
        """Close with ``result``, once: Textual would close the page below the second time."""
        if self.is_active:
            self.dismiss(result)


class TooSmall(ModalScreen[None]):
    """Covers everything while the terminal is too small for a page, and goes away when it grows."""

    DEFAULT_CSS = "TooSmall > Canvas { height: 1; }"

    def compose(self) -> ComposeResult:
        """Show one line."""
        yield Canvas(id="line")

    def on_resize(self) -> None:
        """Say how small it is."""
        columns, rows = self.app.size
        text = _("Terminal too small: {columns}x{rows}, needs {smallest}").format(
            columns=columns, rows=rows, smallest="x".join(map(str, SMALLEST))
        )
        self.query_one("#line", Canvas).show([line(text)])
