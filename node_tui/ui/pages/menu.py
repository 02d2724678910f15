"""The first menu after login: entries on the left, what they do on the right."""

from collections.abc import Callable, Sequence
from typing import Protocol

from textual import on
from textual.app import ComposeResult

from node_tui.ui.console import Canvas, Choice, ChoiceList
from node_tui.ui.feed import Snapshot
from node_tui.ui.frame import Panel, column_widths, draw_frame, text_width
from node_tui.ui.keys import Key
from node_tui.ui.lines import Line, line, take, wrap
from node_tui.ui.page import Page
from node_tui.ui.title import title_line
from persist.translation import _


class Ways(Protocol):
    """Where the menu leads, and what its title shows; the app is all of this."""

    @property
    def snapshot(self) -> Snapshot: ...

    @property
    def note(self) -> str: ...

    def ask_power(self) -> None: ...

    def log_out(self) -> None: ...

    def show_help(self) -> None: ...


def menu_choices() -> tuple[Choice, ...]:
    """Return the entries in the order shown."""
    return (
        Choice("status", _("Status"), _("What this node is, how it is reached, what it needs.")),
        Choice(
            "power",
            _("Power"),
            _("Reboot or power off this node. The guests that stop with it are named first."),
        ),
        Choice("leave", _("Log out"), _("Give up the rights of this console.")),
    )


class MenuPage(Page):
    """Stands above the status page; Esc goes back there and keeps the login."""

    DEFAULT_CSS = """
    MenuPage #frame { layer: frame; position: absolute; offset: 0 1; }
    MenuPage ChoiceList { layer: content; position: absolute; offset: 2 2; }
    """

    def __init__(self, ways: Ways) -> None:
        super().__init__()
        self._ways = ways

    def compose_body(self) -> ComposeResult:
        """Return the frame and the entries within it."""
        yield Canvas(id="frame")
        yield ChoiceList(menu_choices(), id="menu")

    def keys(self) -> Sequence[Key]:
        """Return the keys of the menu."""
        back: Callable[[], object] = self.leave
        return (
            Key(("enter",), _("Choose"), _("Open the marked entry"), self._open_current),
            Key(("escape", "s"), _("Status"), _("Back to the status page"), back),
            Key(("f12", "p"), _("Power"), _("Reboot or power off this node"), self._ways.ask_power),
            Key(("f10", "o"), _("Log out"), _("Give up the rights"), self._ways.log_out),
            Key(("f1", "question_mark"), _("Help"), _("Show this list"), self._ways.show_help),
        )

    def title_line(self, cells: int) -> Line:
        """Return the node's name and state."""
        place = " > " + _("Menu")
        ways = self._ways
        return title_line(ways.snapshot, cells, answered=True, note=ways.note, place=place)

    @on(ChoiceList.Moved)
    def draw(self) -> None:
        """Draw the frame with the explanation of the marked entry."""
        width, height = self.area
        menu = self.query_one(ChoiceList)
        left, right = map(text_width, column_widths(width))
        menu.styles.width = left
        rows = height - 4
        explained = [line(row) for row in wrap(menu.current.explain, right, rows=rows)]
        entries = Panel(_("Menu"), tuple(take([], rows, "")))
        detail = Panel(menu.current.label, tuple(take(explained, rows, "")))
        self.query_one("#frame", Canvas).show(draw_frame([entries], [detail], None, width))
        self.show_edges()

    @on(ChoiceList.Chosen)
    def _open_current(self) -> None:
        if not self.is_active:
            return
        ways: dict[str, Callable[[], object]] = {
            "status": self.leave,
            "power": self._ways.ask_power,
            "leave": self._ways.log_out,
        }
        ways[self.query_one(ChoiceList).current.id]()
