"""A request as the use cases see it: the caller is known, the body has its type."""

import asyncio
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from node_tui.engine.callers import Caller, Peer
from node_tui.engine.engine import Engine
from persist.errors import AccessError, ConfigError
from persist.translation import _
from plugins.api.access import Role, higher, includes

LARGEST_BODY = 64 * 1024
LARGEST_THROWN_AWAY = 16 * 2**20
SECONDS_FOR_A_BODY = 10.0
Body = TypeVar("Body", bound=msgspec.Struct)


@dataclass(frozen=True)
class Call:
    """One request."""

    engine: Engine
    request: Request
    caller: Caller
    raw: bytes

    def body(self, kind: type[Body]) -> Body:
        """Return the JSON body as ``kind``; ConfigError names the path of what is wrong in it."""
        try:
            return msgspec.json.decode(self.raw, type=kind)
        except msgspec.ValidationError as error:
            words, _at, place = str(error).partition(" - at `$")
            path = place.rstrip("`").lstrip(".")
            known = ", ".join(field.name for field in msgspec.structs.fields(kind))
            raise ConfigError(
                path, words, _("Fields here: {names}.").format(names=known)
            ) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            message = _("The body is not JSON: {reason}").format(reason=error)
            raise ConfigError("", message, _("Send one JSON object.")) from error

    def flag(self, name: str) -> bool:
        """Return whether the query says ``name=yes``."""
        return self.request.query_params.get(name) == "yes"


def identify(engine: Engine, request: Request) -> Caller:
    """Return who asks. Rights are the higher of the socket's role and the token's."""
    peer: Peer = request.state.peer
    role: Role = request.state.role
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return Caller(peer, role)
    session = engine.sessions.find(token, peer)
    return Caller(peer, higher(role, session.role), session.user, token)


def demand(caller: Caller, needed: Role) -> None:
    """Raise AccessError unless the caller has at least the role ``needed``."""
    if not includes(caller.role, needed):
        raise AccessError(
            _("This needs the role {needed}; you have the role {role}.").format(
                needed=needed, role=caller.role
            ),
            _("Log in as a user of the group node-{needed}.").format(needed=needed),
        )


async def read_body(request: Request) -> bytes:
    """Return the body; HTTP 413 when it is too large, 408 when it does not come.

    A body must be read before any answer, a refusal too: a Unix socket closed with unread bytes
    resets the connection, and the client would never see what it was refused for. What is too large
    is therefore read on for a while, and thrown away.
    """
    parts = []
    size = 0
    try:
        async with asyncio.timeout(SECONDS_FOR_A_BODY):
            async for part in request.stream():
                size += len(part)
                if size <= LARGEST_BODY:
                    parts.append(part)
                elif size > LARGEST_THROWN_AWAY:
                    break
    except (TimeoutError, ClientDisconnect):
        raise HTTPException(408) from None
    if size > LARGEST_BODY:
        raise HTTPException(413)
    return b"".join(parts)
