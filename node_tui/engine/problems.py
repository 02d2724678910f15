"""Errors as the API tells them: JSON ``{kind, message, hint, path?}`` and an HTTP code by kind."""

import logging
import secrets
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from node_tui.engine.encoding import encode_json
from persist import errors
from persist.translation import _

log = logging.getLogger("node.engine")

# The first kind that fits decides: subclasses before their bases.
CODES: tuple[tuple[type[errors.NodeError], int], ...] = (
    (errors.ConfigError, 422),
    (errors.PlanError, 409),
    (errors.StepError, 500),
    (errors.BundleError, 422),
    (errors.PluginError, 502),
    (errors.DependencyError, 503),
    (errors.AccessError, 403),
    (errors.NodeError, 500),
)


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every answer that is no success. ``kind`` names a class of persist.errors."""

    kind: str
    message: str
    hint: str = ""
    path: str = ""


class UnknownError(errors.NodeError):
    """What the address names does not exist; HTTP 404."""


class NoLoginError(errors.AccessError):
    """The password is wrong, or the session is over; HTTP 401."""


class TooEarlyError(errors.AccessError):
    """Too many wrong passwords: the next try counts only after ``seconds``; HTTP 429."""

    def __init__(self, message: str, hint: str, seconds: float) -> None:
        super().__init__(message, hint)
        self.seconds = seconds


def answer(problem: Problem, code: int, headers: dict[str, str] | None = None) -> Response:
    """Return ``problem`` as a response."""
    return Response(encode_json(problem), code, headers, media_type="application/json")


def answer_node_error(error: errors.NodeError) -> Response:
    """Map an error of ours."""
    problem = describe(error)
    if isinstance(error, TooEarlyError):
        return answer(problem, 429, {"Retry-After": str(max(1, round(error.seconds)))})
    if isinstance(error, NoLoginError):
        return answer(problem, 401)
    if isinstance(error, UnknownError):
        return answer(problem, 404)
    return answer(problem, next(code for kind, code in CODES if isinstance(error, kind)))


def describe(error: errors.NodeError) -> Problem:
    """Return the words of ``error``; its kind is the nearest class that clients know."""
    kind = next(known for known in type(error).__mro__ if known.__module__ == errors.__name__)
    path = error.path if isinstance(error, errors.ConfigError) else ""
    return Problem(kind=kind.__name__, message=error.message, hint=error.hint, path=path)


async def answer_http_error(_request: Request, error: Exception) -> Response:
    """Map what the HTTP layer refuses: unknown address, wrong verb, a body too large."""
    if not isinstance(error, HTTPException):
        raise error
    sentences = {
        404: _("There is nothing at this address."),
        405: _("This address does not know that verb."),
        408: _("The request did not come to its end."),
        413: _("The request is too large."),
    }
    message = sentences.get(error.status_code, error.detail)
    headers: Any = error.headers
    return answer(Problem(kind="NodeError", message=message), error.status_code, headers)


def answer_bug(error: Exception) -> Response:
    """Map our own bugs: the traceback goes to the journal, one line and its id to the client."""
    mark = secrets.token_hex(4)
    log.error("bug %s", mark, exc_info=error)
    message = _("The engine made a mistake (id {mark}).").format(mark=mark)
    hint = _("The journal of node-engine has the details under this id.")
    return answer(Problem(kind="NodeError", message=message, hint=hint), 500)
