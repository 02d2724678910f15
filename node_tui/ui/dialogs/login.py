"""Asks for a password and opens a session with it; what goes wrong is said below the field."""

from collections.abc import Sequence
from functools import partial

from textual import on
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Static

from node_tui.ui.console import PlainInput, PushButton
from node_tui.ui.dialogs.asking import AskingDialog
from node_tui.ui.keys import Key
from node_tui.ui.node_client import NodeClient
from persist.translation import _
from plugins.api.access import Session


class LoginDialog(AskingDialog[Session | None]):
    """Ends with the session, or with None when the user went back."""

    DEFAULT_CSS = """
    LoginDialog Horizontal { height: 1; }
    LoginDialog .label { width: 11; }
    LoginDialog .bracket { width: 1; }
    LoginDialog #told { height: auto; min-height: 2; margin: 1 0; }
    """

    def __init__(self, client: NodeClient, user: str) -> None:
        super().__init__(client)
        self._user = user

    def compose_body(self) -> ComposeResult:
        """Return user, password, message, buttons."""
        with self.make_box(_("Log in")):
            with Horizontal():
                yield Static(_("User"), classes="label")
                yield Static(f" {self._user}", markup=False)
            with Horizontal():
                yield Static(_("Password"), classes="label")
                yield Static("[", classes="bracket", markup=False)
                yield PlainInput(password=True, id="password")
                yield Static("]", classes="bracket", markup=False)
            yield self.make_message()
            with Horizontal():
                yield PushButton(_("Log in"), id="enter")
                yield PushButton(_("Cancel"), id="cancel")

    def keys(self) -> Sequence[Key]:
        """Return the keys of the dialog."""
        return (
            Key(("enter",), _("Log in"), _("Log in with this password"), self.submit),
            Key(("tab",), _("Next field"), _("Go to the next field"), self.focus_next),
            Key(("escape",), _("Back"), _("Go back without logging in"), self.go_back),
        )

    def go_back(self) -> None:
        """Close the dialog; a session that is still on its way is closed when it comes."""
        self.leave()

    @on(Input.Submitted)
    def submit(self) -> None:
        """Try the password, once at a time."""
        field = self.query_one(PlainInput)
        if self.busy:
            return
        if not field.value:
            self.tell(_("Type the password of {user}.").format(user=self._user))
            return
        password, field.value = field.value, ""
        self.ask(_("Checking the password"), partial(self._open_session, password))

    @on(PushButton.Pushed)
    def choose(self, message: PushButton.Pushed) -> None:
        """Do what the button says."""
        if not self.is_active:
            return
        if message.id == "cancel":
            self.go_back()
        else:
            self.submit()

    def _open_session(self, password: str, app: App[None]) -> None:
        session = self.client.open_session(self._user, password)
        if not app.call_from_thread(self._accept, session):
            self.client.close_session()

    def _accept(self, session: Session) -> bool:
        if not self.is_open:
            return False
        self.pop_until_active()
        self.leave(session)
        return True

    def on_refusal(self) -> None:
        """Wait for another password."""
        self.query_one(PlainInput).focus()
