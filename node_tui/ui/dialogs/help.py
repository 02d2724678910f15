"""Lists the keys that are valid on the page below."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from node_tui.ui.console import Canvas
from node_tui.ui.keys import Key
from node_tui.ui.lines import Line, Span, line, pad
from node_tui.ui.page import Dialog
from persist.translation import _

_CAPS_WIDTH = 14


def help_lines(keys: Sequence[Key]) -> list[Line]:
    """Return one line a key, then those that work everywhere."""
    told = [(key.caps, key.explain) for key in keys]
    told += [
        (_("Arrows, Tab"), _("Move between fields, buttons and entries")),
        (_("Enter, Space"), _("Choose")),
    ]
    return [line(Span(pad(caps, _CAPS_WIDTH), "key"), " ", explain) for caps, explain in told]


class HelpDialog(Dialog[None]):
    """A list to read; Esc, Enter or the help key itself closes it."""

    DEFAULT_CSS = "HelpDialog .dialog { scrollbar-size-vertical: 0; }"

    def __init__(self, keys: Sequence[Key]) -> None:
        super().__init__()
        self._explained = help_lines(keys)

    def compose_body(self) -> ComposeResult:
        """Return the list."""
        box = VerticalScroll(classes="dialog")
        box.border_title = _("Keys that are valid here")
        with box:
            yield Canvas(id="help")

    def on_mount(self) -> None:
        """Fill the list."""
        self.query_one("#help", Canvas).show(self._explained)

    def keys(self) -> Sequence[Key]:
        """Return the keys of the dialog."""
        names = ("escape", "enter", "f1", "question_mark")
        return (Key(names, _("Back"), _("Close this list"), self.go_back),)

    def go_back(self) -> None:
        """Close the list."""
        self.leave()
