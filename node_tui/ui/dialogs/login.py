"""Asks for a password and opens a session with it; what goes wrong is said below the field."""

from collections.abc import Sequence
from functools import partial

from textual import on
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from node_tui.ui.console import PlainInput, PushButton
from node_tui.ui.keys import Key
from node_tui.ui.lines import printable
from node_tui.ui.node_client import NodeClient
from node_tui.ui.page import Dialog
from persist.errors import NodeError
from persist.translation import _
from plugins.api.access import Session


class LoginDialog(Dialog[Session | None]):
    """Ends with the session, or with None when the user went back."""

    DEFAULT_CSS = """
    LoginDialog Horizontal { height: 1; }
    LoginDialog .label { width: 11; }
    LoginDialog .bracket { width: 1; }
    LoginDialog #told { height: auto; min-height: 2; margin: 1 0; color: ansi_yellow; }
    """

    def __init__(self, client: NodeClient, user: str) -> None:
        super().__init__()
        self._client = client
        self._user = user
        self._busy = False

    def compose_body(self) -> ComposeResult:
        """Return user, password, message, buttons."""
        box = Vertical(classes="dialog")
        box.border_title = _("Log in")
        with box:
            with Horizontal():
                yield Static(_("User"), classes="label")
                yield Static(f" {self._user}", markup=False)
            with Horizontal():
                yield Static(_("Password"), classes="label")
                yield Static("[", classes="bracket", markup=False)
                yield PlainInput(password=True, id="password")
                yield Static("]", classes="bracket", markup=False)
            yield Static("", id="told", markup=False)
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
        if self._busy:
            return
        if not field.value:
            self._tell(_("Type the password of {user}.").format(user=self._user))
            return
        self._busy = True
        self._tell(_("Checking the password"))
        password, field.value = field.value, ""
        # A worker of the app: it outlives this dialog, and closes what comes too late.
        work = partial(self._open_session, self.app, password)
        self.app.run_worker(work, thread=True, group="session")

    @on(PushButton.Pushed)
    def choose(self, message: PushButton.Pushed) -> None:
        """Do what the button says."""
        if not self.is_active:
            return
        if message.id == "cancel":
            self.go_back()
        else:
            self.submit()

    def _open_session(self, app: App[None], password: str) -> None:
        try:
            session = self._client.open_session(self._user, password)
        except NodeError as error:
            app.call_from_thread(self._refuse, str(error))
        except OSError as error:
            told = _("The engine does not answer: {reason}").format(reason=error.strerror or error)
            app.call_from_thread(self._refuse, told)
        else:
            if not app.call_from_thread(self._accept, session):
                self._client.close_session()

    def _accept(self, session: Session) -> bool:
        if not self.is_open:
            return False
        self.pop_until_active()
        self.leave(session)
        return True

    def _refuse(self, told: str) -> None:
        self._busy = False
        if self.is_open:
            self._tell(told)
            self.query_one(PlainInput).focus()

    def _tell(self, text: str) -> None:
        self.query_one("#told", Static).update("\n".join(map(printable, text.splitlines())))
