"""The engine's API as typed calls. Every call opens its own connection: threads may share one."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import quote

import msgspec

from node_tui.client.connection import (
    SECONDS_TO_ANSWER,
    EngineAbsentError,
    EngineSilentError,
    UnixConnection,
)
from node_tui.client.problems import raise_problem
from persist.errors import NodeError
from persist.translation import _
from plugins.api.access import Session
from plugins.api.events import Event, Operation
from plugins.api.facts import Facts, Health, Slots

# These look at every disk, or wait for daemons to start.
SECONDS_TO_PLAN = 300.0
SECONDS_FOR_ALL_CHECKS = 120.0
PowerAction = Literal["reboot", "poweroff"]
Answer = TypeVar("Answer")


class Client:
    """Talks to the engine on ``socket``; carries a session's token once one is open."""

    def __init__(self, socket: Path, *, seconds: float = SECONDS_TO_ANSWER) -> None:
        self._socket = socket
        self._seconds = seconds
        self._session: Session | None = None

    @property
    def session(self) -> Session | None:
        """Return the open session, if any."""
        return self._session

    def health(self, *, fresh: bool = False) -> Health:
        """Return the checks; ``fresh`` runs those again that the engine would remember."""
        if fresh:
            return self._get("/v1/health?fresh=yes", Health, seconds=SECONDS_FOR_ALL_CHECKS)
        return self._get("/v1/health", Health)

    def mark_good(self) -> str:
        """Mark the booted slot good when all required checks pass; return what happened."""
        answer = self._post("/v1/health/mark", {}, dict[str, str], seconds=SECONDS_FOR_ALL_CHECKS)
        return answer["message"]

    def facts(self) -> Facts:
        """Return a snapshot of the machine."""
        return self._get("/v1/facts", Facts)

    def slots(self) -> Slots:
        """Return the boot state."""
        return self._get("/v1/slots", Slots)

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations since the engine started, oldest first, without their events."""
        return self._get("/v1/operations", tuple[Operation, ...])

    def operation(self, number: str) -> Operation:
        """Return one operation with its events."""
        return self._get(f"/v1/operations/{_quoted(number)}", Operation)

    def follow(self, number: str, *, after: int = 0) -> Iterator[Event]:
        """Yield the events of an operation from the ``after``-th on, until it ends.

        EngineAbsentError when the engine stops before it told the end.
        """
        decoder = msgspec.json.Decoder(Event)
        ended = False
        address = f"/v1/operations/{_quoted(number)}/events?after={after}"
        with self._ask("GET", address) as answer:
            for line in answer:
                if line.strip():
                    event = decoder.decode(line)
                    ended = not event.step and event.state in ("done", "failed")
                    yield event
        if not ended:
            raise EngineAbsentError(
                _("The engine stopped before it told the end of {number}.").format(number=number),
                _("nodectl operations shows whether it goes on."),
            )

    def open_session(self, user: str, password: str) -> Session:
        """Log in; later calls of this client have the user's rights."""
        body = {"user": user, "password": password}
        self._session = self._post("/v1/session", body, Session)
        return self._session

    def close_session(self) -> None:
        """Log out; without a session nothing happens."""
        if self._session is None:
            return
        try:
            with self._ask("DELETE", "/v1/session"):
                pass
        finally:
            self._session = None

    def power(self, action: PowerAction) -> None:
        """Reboot or power off; returns once systemd has taken the order."""
        self._post("/v1/power", {"action": action}, dict[str, str])

    def install(self, *, dry_run: bool = False) -> Operation:
        """Start the installation that the kernel arguments ask for.

        With ``dry_run`` nothing is changed and the operation's steps are the plan, in words.
        Planning looks at every disk, which may take longer than other calls.
        """
        body = {"dry_run": dry_run}
        return self._post("/v1/install", body, Operation, seconds=SECONDS_TO_PLAN)

    def _get(self, address: str, kind: type[Answer], *, seconds: float | None = None) -> Answer:
        with self._ask("GET", address, seconds=seconds) as answer:
            return _decode(answer.read(), kind)

    def _post(
        self, address: str, body: object, kind: type[Answer], *, seconds: float | None = None
    ) -> Answer:
        with self._ask("POST", address, msgspec.json.encode(body), seconds=seconds) as answer:
            return _decode(answer.read(), kind)

    @contextmanager
    def _ask(
        self,
        method: str,
        address: str,
        body: bytes | None = None,
        *,
        seconds: float | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        """Send one request and hand over its successful answer; raise what the engine refused."""
        limit = seconds or self._seconds
        connection = UnixConnection(self._socket, seconds=limit)
        headers = {"Connection": "close", "Content-Type": "application/json"}
        if self._session:
            headers["Authorization"] = f"Bearer {self._session.token}"
        try:
            connection.request(method, address, body, headers)
            answer = connection.getresponse()
            if answer.status >= http.client.BAD_REQUEST:
                raise_problem(answer.status, answer.read())
            yield answer
        except TimeoutError as error:
            message = _("The engine gave no answer within {seconds} s.")
            hint = _("Try again; nodectl operations shows what is under way.")
            raise EngineSilentError(message.format(seconds=limit), hint) from error
        except (http.client.HTTPException, ConnectionError) as error:
            raise EngineAbsentError(
                _("The engine ended the connection."),
                _("It may be starting again; try again in a moment."),
            ) from error
        finally:
            connection.close()


def _quoted(name: str) -> str:
    return quote(name, safe="", errors="surrogateescape")


def _decode(body: bytes, kind: type[Answer]) -> Answer:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        message = _("The engine's answer is not understood: {reason}").format(reason=error)
        raise NodeError(message, _("Engine and client are of different versions.")) from error
