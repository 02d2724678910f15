"""The console app: knows who is logged in and the way between the pages; the pages know neither."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from textual import events, work
from textual.geometry import Size

from node_tui.ui.console import SMALLEST, LockedApp
from node_tui.ui.dialogs.help import HelpDialog
from node_tui.ui.dialogs.login import LoginDialog
from node_tui.ui.dialogs.power import PowerDialog
from node_tui.ui.feed import Feed, Snapshot
from node_tui.ui.keys import Key
from node_tui.ui.node_client import NodeClient
from node_tui.ui.page import Page, TooSmall
from node_tui.ui.pages.menu import MenuPage
from node_tui.ui.pages.status import StatusPage
from node_tui.ui.terminal import Terminal
from persist.errors import AccessError, NodeError
from persist.translation import _
from plugins.api.access import Role, Session

ADMIN = "admin"
IDLE_SECONDS = 15 * 60
# A healthy engine answers within a second; longer than this and the page says that it waits.
_PATIENCE = 8
# The engine ends sessions that ask nothing; somebody who reads and moves about is not idle.
_KEEP = 60.0


@dataclass(frozen=True)
class Station:
    """Where the console stands: on which rights, and whether it may be left.

    ``role`` is what the socket itself allows: on tty1 and serial lines ``viewer``, over SSH that of
    the user, who has logged in already and may leave.
    """

    role: Role = "viewer"
    may_leave: bool = False
    simulated: bool = False
    idle_seconds: float = IDLE_SECONDS


class NodeApp(LockedApp):
    """Status page first, log-in leads to the menu; only a station that may be left is left."""

    def __init__(
        self, connect: Callable[[], NodeClient], station: Station, terminal: Terminal
    ) -> None:
        super().__init__()
        self.station = station
        self.session: Session | None = None
        self.open_console = False
        self.snapshot = Snapshot()
        self._client = connect()
        self._feed = Feed(
            connect(),
            self._take_from_thread,
            interval=terminal.look_interval,
            gap=terminal.repaint_gap,
        )
        self._answered = False
        self._drawn_size = Size(0, 0)
        self._notes: tuple[str, ...] = ()
        self._touched = self._kept = time.monotonic()
        self._status = StatusPage(self.status_keys)

    # -- life ----------------------------------------------------------------------------------

    def get_default_screen(self) -> StatusPage:
        """Let the status page be the ground that everything else stands on."""
        return self._status

    def on_mount(self) -> None:
        """Show the status page and begin to look at the node."""
        self.ignore_signals()
        self._show()
        self._feed.start()
        self.set_interval(1.0, self._watch_the_time)

    def on_unmount(self) -> None:
        """Stop looking."""
        self._feed.end()

    async def on_event(self, event: events.Event) -> None:
        """Note that somebody is here."""
        if isinstance(event, events.Key | events.Paste):
            self._touched = time.monotonic()
        await super().on_event(event)

    def on_resize(self, event: events.Resize) -> None:
        """Cover the pages while the terminal is too small for them.

        A terminal that went through another size between two looks has lost what it showed, and
        Textual, which sees no difference, draws nothing.
        """
        self._cover_if_small(event.size)
        if event.size == self._drawn_size:
            self.screen.refresh()
        self._drawn_size = event.size

    # -- the node ------------------------------------------------------------------------------

    def _take_from_thread(self, snapshot: Snapshot) -> None:
        self.call_later(self.take, snapshot)

    def take(self, snapshot: Snapshot) -> None:
        """Keep what was seen and show it."""
        self.snapshot, self._answered = snapshot, True
        self._show()

    def _watch_the_time(self) -> None:
        waited = int(self._feed.waiting())
        if waited >= _PATIENCE and waited % 4 == 0:
            problem = _("The engine has not answered for {seconds} s").format(seconds=waited)
            self.take(replace(self.snapshot, health=None, problem=problem))
        idle = time.monotonic() - self._touched
        if self.session is not None and idle < _KEEP and time.monotonic() - self._kept > _KEEP:
            self._kept = time.monotonic()
            self.keep_session()
        if self.is_trusted and idle > self.station.idle_seconds:
            minutes = max(round(self.station.idle_seconds / 60), 1)
            note = _("Logged out after {minutes} idle minutes").format(minutes=minutes)
            self.log_out(note)

    @work(thread=True, exclusive=True, group="keep")
    def keep_session(self) -> None:
        """Let the engine count the session as used; when it has ended it, follow."""
        try:
            self._client.health()
        except AccessError as error:
            self.call_from_thread(self.log_out, error.message)
        except (NodeError, OSError):
            return  # the feed says that the engine is gone

    def _show(self) -> None:
        self._status.show(
            self.snapshot,
            answered=self._answered,
            console=self._console_words(),
            note=self.note,
            notes=self._access_notes(),
        )
        for screen in self.screen_stack:
            if isinstance(screen, Page) and screen is not self._status:
                screen.draw()

    @property
    def note(self) -> str:
        """What every title must say beside the node's state."""
        return _("SIMULATED") if self.station.simulated else ""

    def _console_words(self) -> str:
        if self.session is not None:
            return _("this screen, {user} logged in").format(user=self.session.user)
        if self.station.role != "viewer":
            return _("this session, as {role}").format(role=self.station.role)
        return _("this screen, F2 or l: log in")

    def _access_notes(self) -> tuple[str, ...]:
        if self.open_console and self.session is not None:
            told = _("This console is admin without a login, until an admin password is set")
            return (told, *self._notes)
        return self._notes

    # -- rights --------------------------------------------------------------------------------

    @property
    def is_trusted(self) -> bool:
        """Whether this console may change something."""
        return self.session is not None or self.station.role != "viewer"

    def status_keys(self) -> Sequence[Key]:
        """Return what the status page offers now."""
        if self.is_trusted:
            explain = _("Open the menu")
            first = Key(("f2", "m", "escape"), _("Menu"), explain, self.open_menu)
        else:
            first = Key(("f2", "l"), _("Log in"), _("Log in as admin"), self.log_in)
        keys = [
            first,
            Key(("f5", "r"), _("Refresh"), _("Ask the engine again now"), self.refresh_node),
            Key(("f12", "p"), _("Power"), _("Reboot or power off this node"), self.ask_power),
            Key(("f1", "question_mark"), _("Help"), _("Show this list"), self.show_help),
        ]
        if self.station.simulated:
            keys.append(Key(("q",), _("Quit"), _("Leave the simulated console"), self.exit))
        return keys

    def refresh_node(self) -> None:
        """Look at the node now, and draw all again: something else may have written here."""
        self._feed.refresh()
        self.screen.refresh()

    def log_in(self, then: Callable[[], None] | None = None) -> None:
        """Ask for the password; a live node without one lets its console in."""
        then = then or self.open_menu
        facts = self.snapshot.facts
        # A wrong guess would count as a failed login, so nothing is tried unasked.
        if facts is not None and facts.console_open:
            self._notes = (_("Asking the engine"),)
            self._show()
            self._try_open_console(then)
        else:
            self._ask_password(then)

    @work(thread=True, exclusive=True, group="session")
    def _try_open_console(self, then: Callable[[], None]) -> None:
        """Try the session without a password that the engine grants on a live node."""
        try:
            session = self._client.open_session(ADMIN, "")
        except (NodeError, OSError):
            self.call_from_thread(self._ask_password, then)
            return
        self.call_from_thread(self._begin_session, session, then, open_console=True)

    def _ask_password(self, then: Callable[[], None]) -> None:
        self._notes = ()
        self._show()
        if self.screen is not self._status:
            return

        def begin(session: Session | None) -> None:
            if session is not None:
                self._begin_session(session, then, open_console=False)

        self.push_screen(LoginDialog(self._client, ADMIN), begin)

    def _begin_session(
        self, session: Session, then: Callable[[], None], *, open_console: bool
    ) -> None:
        self.session, self.open_console, self._notes = session, open_console, ()
        self._touched = time.monotonic()
        self._show()
        then()
        self._cover_if_small(self.size)

    def log_out(self, note: str = "") -> None:
        """Give the rights back and return to the status page; where it may, leave."""
        if self.session is None and self.station.may_leave:
            self.exit()
            return
        self.session, self.open_console = None, False
        self._notes = (note,) if note else ()
        self._close_session()
        while self.screen is not self._status:
            self.pop_screen()
        self._show()
        self._cover_if_small(self.size)

    @work(thread=True, group="session")
    def _close_session(self) -> None:
        try:
            self._client.close_session()
        except (NodeError, OSError):
            return  # an engine that is gone holds no session either

    def _cover_if_small(self, size: Size) -> None:
        small = size.width < SMALLEST[0] or size.height < SMALLEST[1]
        covered = isinstance(self.screen, TooSmall)
        if small and not covered:
            self.push_screen(TooSmall())
        elif covered and not small:
            self.pop_screen()

    # -- the way between the pages -------------------------------------------------------------

    def open_menu(self) -> None:
        """Open the menu above the status page."""
        if self.is_trusted and self.screen is self._status:
            self.push_screen(MenuPage(self))

    def ask_power(self) -> None:
        """Ask what to do with the power, after a login."""
        if not self.is_trusted:
            self.log_in(self.ask_power)
            return
        guests = self.snapshot.facts.guests if self.snapshot.facts is not None else None
        if isinstance(self.screen, Page):
            self.push_screen(PowerDialog(self._client, guests))

    def show_help(self) -> None:
        """List the keys of the page that is open."""
        if isinstance(self.screen, Page):
            self.push_screen(HelpDialog(self.screen.keys()))
