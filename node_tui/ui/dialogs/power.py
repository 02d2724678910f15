"""Asks whether to reboot or power off, names the guests that stop with the node, and does it."""

from collections.abc import Sequence
from functools import partial

from textual import on
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from node_tui.ui.console import PushButton
from node_tui.ui.dialogs.asking import AskingDialog
from node_tui.ui.keys import Key
from node_tui.ui.lines import cut, printable
from node_tui.ui.node_client import NodeClient, PowerAction
from persist.translation import _
from plugins.api.facts import Guests

_NAMES_WIDTH = 150


def guests_words(guests: Guests | None) -> str:
    """Return what stops with the node."""
    if guests is None or not guests.running:
        return _("No guest is running.")
    if not guests.names:
        return _("{count} running guests will be shut down.").format(count=guests.running)
    names = cut(", ".join(guests.names), _NAMES_WIDTH)
    return _("{count} running guests will be shut down: {names}").format(
        count=guests.running, names=names
    )


class PowerDialog(AskingDialog[None]):
    """Cancel comes first; once the order is taken, no other can be given."""

    DEFAULT_CSS = """
    PowerDialog Horizontal { height: 1; }
    PowerDialog Static { height: auto; margin: 0 0 1 0; }
    """

    def __init__(self, client: NodeClient, guests: Guests | None) -> None:
        super().__init__(client)
        self._guests = guests

    def compose_body(self) -> ComposeResult:
        """Return the guests, the message and the buttons; Cancel comes first and is focused."""
        with self.make_box(_("Power")):
            yield Static(printable(guests_words(self._guests)), markup=False)
            yield self.make_message()
            with Horizontal():
                yield PushButton(_("Cancel"), id="cancel")
                yield PushButton(_("Reboot"), id="reboot")
                yield PushButton(_("Power off"), id="poweroff")

    def on_mount(self) -> None:
        """Focus the button that does nothing."""
        self.query_one("#cancel").focus()

    def keys(self) -> Sequence[Key]:
        """Return the keys of the dialog."""
        return (
            Key(("tab",), _("Next button"), _("Go to the next button"), self.focus_next),
            Key(("escape",), _("Back"), _("Go back, nothing happens"), self.go_back),
        )

    def go_back(self) -> None:
        """Close the dialog."""
        self.leave()

    @on(PushButton.Pushed)
    def choose(self, message: PushButton.Pushed) -> None:
        """Do what the button says, once at a time."""
        if not self.is_active:
            return
        if message.id == "cancel":
            self.go_back()
        elif not self.busy:
            action: PowerAction = "reboot" if message.id == "reboot" else "poweroff"
            self.ask(_("Asking the engine"), partial(self._order, action))

    def _order(self, action: PowerAction, app: App[None]) -> None:
        self.client.power(action)
        done = {"reboot": _("The node reboots now."), "poweroff": _("The node powers off now.")}
        app.call_from_thread(self._end, done[action])

    def _end(self, told: str) -> None:
        if self.is_open:
            self.tell(told)
