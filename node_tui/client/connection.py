"""HTTP over a Unix socket, with the standard library alone."""

import http.client
import socket
from pathlib import Path

from persist.errors import AccessError, NodeError
from persist.translation import _

SECONDS_TO_ANSWER = 30.0


class UnixConnection(http.client.HTTPConnection):
    """One connection to the engine; it is closed after each answer."""

    def __init__(self, path: Path, *, seconds: float = SECONDS_TO_ANSWER) -> None:
        super().__init__("node", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        """Open the socket; the error says what to do when nobody listens or we may not."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(self._path))
        except PermissionError as error:
            raise AccessError(
                _("You may not open {path}.").format(path=self._path),
                _("Your user must be in the group node-{role}.").format(role=self._path.stem),
            ) from error
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise EngineAbsentError(
                _("The engine does not listen on {path}.").format(path=self._path),
                _("On a node: systemctl status node-engine. Elsewhere: nodectl engine --sockets."),
            ) from error
        except OSError as error:  # its queue is full, or the path is none of a socket
            reason = error.strerror or error
            raise EngineAbsentError(
                _("No connection to {path}: {reason}").format(path=self._path, reason=reason),
                _("Try again in a moment."),
            ) from error


class EngineAbsentError(NodeError):
    """Nobody listens: this is no node, or its engine is not up (yet)."""


class EngineSilentError(NodeError):
    """The engine took a request and gave no answer in time; what was asked may still happen."""
