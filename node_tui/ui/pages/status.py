"""The first page, before and after login: what this node is, how it is reached, what it needs."""

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from node_tui.ui.console import Canvas
from node_tui.ui.feed import Snapshot
from node_tui.ui.keys import Key
from node_tui.ui.lines import Line
from node_tui.ui.page import Page
from node_tui.ui.pages.status_drawing import draw_status
from node_tui.ui.title import title_line
from persist.translation import _


class StatusPage(Page):
    """Draws the newest snapshot; ``options`` are the keys of the app that are valid here."""

    DEFAULT_CSS = "StatusPage VerticalScroll { height: 1fr; scrollbar-size-vertical: 0; }"

    def __init__(self, options: Callable[[], Sequence[Key]]) -> None:
        super().__init__()
        self._options = options
        self._snapshot = Snapshot()
        self._console_words = ""
        self._note = ""
        self._notes: tuple[str, ...] = ()
        self._answered = False
        self._overflows = False

    def compose_body(self) -> ComposeResult:
        """Put the drawing into a scrolling area, for terminals smaller than it."""
        with VerticalScroll(can_focus=True):
            yield Canvas(id="status")

    def keys(self) -> Sequence[Key]:
        """Return the keys that the app offers here now."""
        keys = self._options()
        if self._overflows:
            scroll = self.query_one(VerticalScroll).focus
            told = _("Scroll: the terminal is smaller than the page")
            return (*keys, Key(("up", "down"), _("Scroll"), told, scroll, _("Arrows")))
        return keys

    def title_line(self, cells: int) -> Line:
        """Return the node's name and state."""
        return title_line(self._snapshot, cells, answered=self._answered, note=self._note)

    def show(
        self, snapshot: Snapshot, *, answered: bool, console: str, note: str, notes: tuple[str, ...]
    ) -> None:
        """Take what is known now and draw it in place."""
        self._snapshot, self._answered = snapshot, answered
        self._console_words, self._note, self._notes = console, note, notes
        self.draw()

    def draw(self) -> None:
        """Draw again; rows that stay as they were are not sent."""
        if not self.is_mounted:
            return
        width, height = self.area
        body = draw_status(
            self._snapshot, width, height - 2, console=self._console_words, notes=self._notes
        )
        self._overflows = len(body) > height - 2
        self.query_one("#status", Canvas).show(body)
        self.show_edges()
