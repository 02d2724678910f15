"""One HTTP server over several Unix sockets; the socket a caller comes through gives its role."""

import asyncio
import contextlib
import os
import signal
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import Server

from node_tui.engine.callers import Peer
from plugins.api.access import ROLES, Role

SOCKET_MODE = 0o660
SECONDS_TO_FINISH = 2
LARGEST_HEAD = 16 * 1024
SECONDS_FOR_A_HEAD = 10.0
# Of each role, so that viewers can never keep an admin out.
MOST_CONNECTIONS = 24


class RoleProtocol(H11Protocol):
    """An HTTP connection that knows which process is at the other end (SO_PEERCRED).

    One that sends no whole request in time, or is one too many of its role, is closed.
    """

    _impatience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        size = struct.calcsize("3i")
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        pid, uid, _gid = struct.unpack("3i", credentials)
        self.app_state = self.app_state | {"peer": Peer.of(pid, uid)}
        if self._count_of_role() > MOST_CONNECTIONS:
            transport.abort()
        else:
            self._impatience = self.loop.call_later(SECONDS_FOR_A_HEAD, transport.abort)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._awaits_a_head:
            if self._impatience is None:
                self._impatience = self.loop.call_later(SECONDS_FOR_A_HEAD, self.transport.abort)
        else:
            self._be_patient()

    def connection_lost(self, exc: Exception | None) -> None:
        self._be_patient()
        super().connection_lost(exc)

    @property
    def _awaits_a_head(self) -> bool:
        """Whether no request is being answered: what came is the beginning of the next one."""
        return self.cycle is None or self.cycle.response_complete

    def _be_patient(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None

    def _count_of_role(self) -> int:
        role = self.app_state["role"]
        known = (one for one in self.connections if isinstance(one, RoleProtocol))
        return sum(one.app_state["role"] == role for one in known)


class RoleServer(Server):
    """Serves one application on a socket a role.

    Differs from its base in what an always-on service needs: many sockets, sleep instead of ten
    wake-ups a second, no unlinking of sockets that systemd keeps.
    """

    def __init__(self, app: Any, sockets: Mapping[Role, socket.socket]) -> None:
        super().__init__(
            Config(
                app,
                loop="asyncio",
                http=RoleProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                h11_max_incomplete_event_size=LARGEST_HEAD,
                timeout_graceful_shutdown=SECONDS_TO_FINISH,
            )
        )
        self._sockets = dict(sockets)
        self._over = asyncio.Event()
        self.on_started: Callable[[], None] = lambda: None
        self.on_stopping: Callable[[], None] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002
        """Listen on every socket; a connection carries the role of its socket in its state."""
        loop = asyncio.get_running_loop()
        self.servers = []
        for role, listener in self._sockets.items():
            connect = partial(RoleProtocol, self.config, self.server_state, {"role": role})
            self.servers.append(await loop.create_server(connect, sock=listener))
        self.started = True
        self.on_started()

    async def main_loop(self) -> None:
        """Wait until somebody stops the server."""
        await self._over.wait()

    def stop(self) -> None:
        """End the server; call it from the event loop."""
        self.should_exit = True
        self.on_stopping()
        self._over.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let the event loop take the signals: it sleeps, and would not notice them otherwise."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(RuntimeError, ValueError):  # not in the main thread: tests
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
        yield


def open_sockets(folder: Path) -> dict[Role, socket.socket]:
    """Listen on ``viewer.sock``, ``operator.sock`` and ``admin.sock`` below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    opened: dict[Role, socket.socket] = {}
    for role in ROLES:
        path = folder / f"{role}.sock"
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o777 & ~SOCKET_MODE)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen()
        opened[role] = listener
    return opened
