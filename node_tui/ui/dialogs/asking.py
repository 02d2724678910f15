"""What dialogs share whose button asks the engine: a box, a message, one question at a time."""

from collections.abc import Callable
from functools import partial
from typing import Generic

from textual.app import App
from textual.containers import Vertical
from textual.widgets import Static

from node_tui.ui.lines import printable
from node_tui.ui.node_client import NodeClient
from node_tui.ui.page import Dialog, T
from persist.errors import NodeError
from persist.translation import _


class AskingDialog(Dialog[T], Generic[T]):
    """Stays while the engine is asked, so that a refusal has a place to be read: ``#told``."""

    DEFAULT_CSS = "AskingDialog #told { color: ansi_yellow; }"

    def __init__(self, client: NodeClient) -> None:
        super().__init__()
        self.client = client
        self.busy = False

    def make_box(self, title: str) -> Vertical:
        """Return the box that the widgets of the dialog go into."""
        box = Vertical(classes="dialog")
        box.border_title = title
        return box

    def make_message(self) -> Static:
        """Return the widget that ``tell`` writes to."""
        return Static("", id="told", markup=False)

    def tell(self, text: str) -> None:
        """Show what is going on, or went wrong."""
        self.query_one("#told", Static).update("\n".join(map(printable, text.splitlines())))

    def ask(self, told: str, question: Callable[[App[None]], None]) -> None:
        """Let ``question`` talk to the engine in a thread; the dialog is busy until it refuses.

        The thread is a worker of the app: it outlives this dialog.
        """
        self.busy = True
        self.tell(told)
        self.app.run_worker(partial(self._ask, self.app, question), thread=True, group="ask")

    def _ask(self, app: App[None], question: Callable[[App[None]], None]) -> None:
        try:
            question(app)
        except NodeError as error:
            app.call_from_thread(self._refuse, str(error))
        except OSError as error:
            told = _("The engine does not answer: {reason}").format(reason=error.strerror or error)
            app.call_from_thread(self._refuse, told)

    def _refuse(self, told: str) -> None:
        self.busy = False
        if self.is_open:
            self.tell(told)
            self.on_refusal()

    def on_refusal(self) -> None:
        """Make ready for another try."""
