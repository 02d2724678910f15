"""The API: every address, the verb, the role it needs, and the use case behind it."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from node_tui.engine.encoding import encode_json
from node_tui.engine.engine import Engine
from node_tui.engine.problems import answer_bug, answer_http_error, answer_node_error
from node_tui.engine.requests import Call, demand, identify, read_body
from node_tui.system.power import PowerAction
from persist.errors import ConfigError, NodeError
from persist.translation import _
from plugins.api.access import Role

ACCEPTED = 202
LONGEST_NUMBER = 9

log = logging.getLogger("node.engine")


class SessionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    user: str
    password: str


class PowerRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    action: PowerAction


class InstallRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    dry_run: bool = False


async def get_health(call: Call) -> Response:
    health = call.engine.health
    return _json(await run_in_threadpool(health.run, fresh=call.flag("fresh")))


async def mark_slot_good(call: Call) -> Response:
    message = await run_in_threadpool(call.engine.health.mark_good)
    return _json({"message": message})


async def get_facts(call: Call) -> Response:
    return _json(await run_in_threadpool(call.engine.read_facts))


async def get_slots(call: Call) -> Response:
    return _json(await run_in_threadpool(call.engine.read_slots))


async def get_operations(call: Call) -> Response:
    return _json(call.engine.operations.all())


async def get_operation(call: Call) -> Response:
    number = call.request.path_params["id"]
    return _json(call.engine.operations.find(number).snapshot())


async def follow_operation(call: Call) -> Response:
    """Stream events until the operation ends: SSE when asked for, JSON lines otherwise.

    ``after`` (or Last-Event-ID) is the number of the last event the client has.
    """
    running = call.engine.operations.find(call.request.path_params["id"])
    asked = call.request.query_params.get("after") or call.request.headers.get("last-event-id", "0")
    if not asked.isdecimal() or len(asked) > LONGEST_NUMBER:
        raise ConfigError("after", _("not a number: {value}").format(value=asked))
    events = running.follow(int(asked))
    if "text/event-stream" in call.request.headers.get("accept", ""):
        return StreamingResponse(_as_sse(events), media_type="text/event-stream")
    return StreamingResponse(_as_lines(events), media_type="application/jsonl")


async def open_session(call: Call) -> Response:
    wanted = call.body(SessionRequest)
    sessions = call.engine.sessions
    peer = call.caller.peer
    return _json(await run_in_threadpool(sessions.open, wanted.user, wanted.password, peer))


async def close_session(call: Call) -> Response:
    call.engine.sessions.close(call.caller.token)
    return Response(status_code=204)


async def act_on_power(call: Call) -> Response:
    wanted = call.body(PowerRequest)
    log.info("%s asked for by %s", wanted.action, call.caller)
    with call.engine.operations.closing():
        await run_in_threadpool(call.engine.act_on_power, wanted.action)
    return _json({}, ACCEPTED)


async def start_install(call: Call) -> Response:
    wanted = call.body(InstallRequest)
    engine = call.engine
    if not wanted.dry_run:
        log.info("installation asked for by %s", call.caller)
    operation = await run_in_threadpool(engine.install, engine.operations, dry_run=wanted.dry_run)
    return _json(operation, 200 if wanted.dry_run else ACCEPTED)


@dataclass(frozen=True)
class Endpoint:
    """One row of the API. Callers below ``role`` are refused before the use case sees anything."""

    method: str
    path: str
    role: Role
    answer: Callable[[Call], Awaitable[Response]]


ENDPOINTS = (
    Endpoint("GET", "/v1/health", "viewer", get_health),
    Endpoint("POST", "/v1/health/mark", "admin", mark_slot_good),
    Endpoint("GET", "/v1/facts", "viewer", get_facts),
    Endpoint("GET", "/v1/slots", "viewer", get_slots),
    Endpoint("GET", "/v1/operations", "viewer", get_operations),
    Endpoint("GET", "/v1/operations/{id}", "viewer", get_operation),
    Endpoint("GET", "/v1/operations/{id}/events", "viewer", follow_operation),
    Endpoint("POST", "/v1/session", "viewer", open_session),
    Endpoint("DELETE", "/v1/session", "viewer", close_session),
    Endpoint("POST", "/v1/power", "operator", act_on_power),
    Endpoint("POST", "/v1/install", "admin", start_install),
)


def build_app(engine: Engine) -> Starlette:
    """Return the application that serves ``engine``."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in ENDPOINTS:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    routes = [
        Route(path, _dispatcher(engine, endpoints), methods=list(endpoints))
        for path, endpoints in by_path.items()
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: answer_http_error})
    app.router.redirect_slashes = False
    return app


def _dispatcher(
    engine: Engine, endpoints: dict[str, Endpoint]
) -> Callable[[Request], Awaitable[Response]]:
    async def dispatch(request: Request) -> Response:
        # Starlette answers HEAD wherever GET is known.
        endpoint = endpoints["GET" if request.method == "HEAD" else request.method]
        body = await read_body(request)
        try:
            caller = identify(engine, request)
            demand(caller, endpoint.role)
            return await endpoint.answer(Call(engine, request, caller, body))
        except NodeError as error:
            return answer_node_error(error)
        except Exception as error:
            return answer_bug(error)

    return dispatch


def _json(value: Any, code: int = 200) -> Response:
    return Response(encode_json(value), code, media_type="application/json")


async def _as_lines(events: AsyncIterator[tuple[int, Any]]) -> AsyncIterator[bytes]:
    async for _number, event in events:
        yield encode_json(event) + b"\n" if event else b"\n"


async def _as_sse(events: AsyncIterator[tuple[int, Any]]) -> AsyncIterator[bytes]:
    async for number, event in events:
        if event:
            yield b"id: %d\ndata: %s\n\n" % (number, encode_json(event))
        else:
            yield b": waiting\n\n"
