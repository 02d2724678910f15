"""Logins: a password checked by PAM becomes a token with the role of the user's groups."""

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from node_tui.engine.callers import Peer
from node_tui.engine.problems import NoLoginError, TooEarlyError
from node_tui.engine.throttle import Throttle
from persist.translation import _
from plugins.api.access import Role, Session

IDLE_SECONDS = 15 * 60.0
MOST_SESSIONS = 64

log = logging.getLogger("node.access")


class Authenticator(Protocol):
    """Knows passwords and groups: PAM on a node."""

    def check(self, user: str, password: str) -> bool: ...
    def role_of(self, user: str) -> Role | None: ...


@dataclass
class _Login:
    session: Session
    peer: Peer
    used: float


@dataclass
class Sessions:
    """All logins, in memory only: a restart of the engine ends them.

    A token works only for the process that got it, so that a token seen by another is worth
    nothing, and ends with 15 idle minutes. While the console is open, admin's empty password is
    right: there is no other.
    """

    authenticator: Authenticator
    is_console_open: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic
    _logins: dict[str, _Login] = field(default_factory=dict)
    _changing: Lock = field(default_factory=Lock)
    _checking: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._throttle = Throttle(self.clock)

    def open(self, user: str, password: str, peer: Peer) -> Session:
        """Check the password and return a new session; AccessError otherwise.

        One check at a time: parallel guesses wait for each other and meet the pause.
        """
        source = f"uid {peer.uid}"
        with self._checking:
            role = self.authenticator.role_of(user)
            # All names that nobody has count as one: inventing names must neither make the
            # throttle forget a real one nor fill the journal.
            name = user if role else ""
            self._refuse_early(name, source)
            right = self._is_right(user, password)
            if not right or role is None:
                self._throttle.failed(name, source)
                log.warning("login of %.40r from %s refused", user, source)
                raise NoLoginError(_("Wrong name or password."), _("Try again."))
            self._throttle.succeeded(name, source)
        log.info("%s logged in as %s from %s, process %d", user, role, source, peer.pid)
        return self._remember(Session(token=secrets.token_urlsafe(32), role=role, user=user), peer)

    def find(self, token: str, peer: Peer) -> Session:
        """Return the session of ``token``, and count its idle time from now again."""
        with self._changing:
            self._drop_idle()
            login = self._logins.get(token)
            if login is None or login.peer != peer:
                raise NoLoginError(_("You are not logged in any more."), _("Log in again."))
            login.used = self.clock()
            return login.session

    def close(self, token: str) -> None:
        """End a session; one that ended already is fine."""
        with self._changing:
            login = self._logins.pop(token, None)
        if login:
            log.info("%s logged out", login.session.user)

    def _is_right(self, user: str, password: str) -> bool:
        if user == "admin" and not password and self.is_console_open():
            return True
        return self.authenticator.check(user, password)

    def _refuse_early(self, user: str, source: str) -> None:
        pause = self._throttle.pause(user, source)
        if pause > 0:
            raise TooEarlyError(
                _("Too many wrong passwords."),
                _("Try again in {seconds} s.").format(seconds=max(1, round(pause))),
                pause,
            )

    def _remember(self, session: Session, peer: Peer) -> Session:
        with self._changing:
            self._drop_idle()
            if len(self._logins) >= MOST_SESSIONS:
                oldest = min(self._logins, key=lambda token: self._logins[token].used)
                del self._logins[oldest]
            self._logins[session.token] = _Login(session, peer, self.clock())
        return session

    def _drop_idle(self) -> None:
        limit = self.clock() - IDLE_SECONDS
        for token in [token for token, login in self._logins.items() if login.used < limit]:
            del self._logins[token]
