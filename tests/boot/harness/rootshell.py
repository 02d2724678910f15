"""Root inside a booted node, through a door of systemd itself; nothing in the image serves tests.

Who owns a machine's firmware may hand systemd credentials as SMBIOS strings, and
systemd-debug-generator (systemd 256) makes units of them: here a shell on a virtio serial port.
See systemd.system-credentials(7).
"""

import base64
import re
import shlex
import socket
import time
from pathlib import Path

PORT = "tests"
UNIT = f"""[Unit]
Description=Shell for tests
DefaultDependencies=no
[Service]
ExecStart=/bin/sh -c 'while read -r line; do eval "$line"; done'
StandardInput=file:/dev/virtio-ports/{PORT}
StandardOutput=file:/dev/virtio-ports/{PORT}
StandardError=inherit
Restart=always
RestartSec=1
"""
TIMED_OUT = 124  # of timeout(1)
GRACE = 60.0
DIAGNOSIS = (
    "sh -c 'ps -eo pid,ppid,etimes,stat,wchan:24,args --sort=-etimes | grep -v \\\\[ ;"
    " systemctl list-jobs; journalctl -b -n 40 -o short-monotonic --no-pager'"
)
WANT = "[Unit]\nWants=test-shell.service\n"


def credentials() -> tuple[str, ...]:
    """Return the SMBIOS strings that make systemd start the shell."""
    units = {
        "systemd.extra-unit.test-shell.service": UNIT,
        "systemd.unit-dropin.multi-user.target~tests": WANT,
    }
    return tuple(
        f"io.systemd.credential.binary:{name}={base64.b64encode(text.encode()).decode()}"
        for name, text in units.items()
    )


def devices(sockets: Path) -> tuple[str, ...]:
    """Return QEMU's options for the port; the other end is the socket ``shell``."""
    return (
        *("-chardev", f"socket,id=shell,path={sockets / 'shell'},server=on,wait=off"),
        *("-device", "virtio-serial-pci"),
        *("-device", f"virtserialport,chardev=shell,name={PORT}"),
    )


class RootShell:
    """Runs one command at a time as root; each answer ends with a mark that holds the exit code."""

    def __init__(self, path: Path) -> None:
        """Connect to QEMU's end; the guest's end opens when its systemd has started the shell."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._asked = 0

    def close(self) -> None:
        """Let go of the port."""
        self._socket.close()

    def run(self, command: str, *, timeout: float = 120) -> str:
        """Return what a command prints; a failure or silence is an error."""
        code, output = self.attempt(command, timeout=timeout)
        if code:
            raise AssertionError(f"root in the guest: {command!r} ended with {code}:\n{output}")
        return output

    def attempt(self, command: str, *, timeout: float = 120) -> tuple[int, str]:
        """Return exit code and output (both streams) of a command; a silent one tells why."""
        guarded = f"timeout {timeout:.0f} sh -c {shlex.quote(command)}"
        code, output = self._ask(guarded, timeout=timeout + GRACE)
        if code == TIMED_OUT:
            _, state = self._ask(DIAGNOSIS, timeout=GRACE)
            raise AssertionError(
                f"root in the guest: {command!r} not done after {timeout:.0f} s:\n{output}\n{state}"
            )
        return code, output

    def _ask(self, command: str, *, timeout: float) -> tuple[int, str]:
        """Send one line to the shell and wait for its mark."""
        self._asked += 1
        mark = f"mark{self._asked}"
        line = f"echo begin-{mark}; {command} </dev/null 2>&1; echo {mark}:$?"
        pattern = re.compile(rf"begin-{mark}\n(.*?)\n?{mark}:(\d+)\n", re.DOTALL)
        deadline = time.monotonic() + timeout
        received = b""
        self._socket.sendall(line.replace("\n", " ").encode() + b"\n")
        while (match := pattern.search(received.decode(errors="replace"))) is None:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                received += self._socket.recv(65536)
            except TimeoutError:
                raise AssertionError(
                    f"root in the guest: {command!r} not done after {timeout:.0f} s:\n{received!r}"
                ) from None
        return int(match[2]), match[1]
