"""A QEMU Machine Protocol client of one socket: a command, its answer, nothing asynchronous.

Protocol: https://www.qemu.org/docs/master/interop/qmp-spec.html
"""

import json
import socket
from pathlib import Path
from typing import Any, Self


class QmpError(RuntimeError):
    """QEMU refused a command, or went away while it ran."""


class Qmp:
    """A connected monitor; events that arrive between answers are kept in ``events``."""

    def __init__(self, path: Path, *, timeout: float = 60.0) -> None:
        """Connect to the monitor's Unix socket and leave its negotiation mode."""
        self.events: list[dict[str, Any]] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")
        self._receive()
        self.execute("qmp_capabilities")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the monitor; QEMU runs on."""
        self._lines.close()
        self._socket.close()

    def execute(self, command: str, /, **arguments: Any) -> Any:
        """Run one command and return its value; a refusal becomes a QmpError."""
        request = {"execute": command, "arguments": arguments}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            while "return" not in (answer := self._receive()):
                if "error" in answer:
                    raise QmpError(f"{command} {arguments}: {answer['error']['desc']}")
                self.events.append(answer)
        except OSError as error:
            raise QmpError(f"QEMU did not answer {command}: {error}") from error
        return answer["return"]

    def monitor(self, line: str) -> str:
        """Run a line of the human monitor, for the few things only it can do (savevm, usernet)."""
        return str(self.execute("human-monitor-command", **{"command-line": line}))

    def _receive(self) -> dict[str, Any]:
        line = self._lines.readline()
        if not line:
            raise QmpError("QEMU closed its monitor")
        message: dict[str, Any] = json.loads(line)
        return message
