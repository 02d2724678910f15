"""The engine as its own process: sockets from us or from systemd, signs of life, the end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from node_tui.client import Client, EngineAbsentError
from persist.errors import PlanError
from plugins.api.access import ROLES

COMMAND = "import sys; from node_tui.cli.nodectl import main; sys.exit(main())"
LIMIT = 20.0


def wait_for(client: Client) -> None:
    deadline = time.monotonic() + LIMIT
    while True:
        try:
            client.operations()
        except EngineAbsentError:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        else:
            return


@contextmanager
def started(*words: str, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "engine", *words],
        stderr=subprocess.PIPE,
        **options,  # type: ignore[call-overload]
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=LIMIT)


def test_it_serves_until_told_to_end(tmp_path: Path) -> None:
    with started("--sockets", str(tmp_path)) as process:
        client = Client(tmp_path / "viewer.sock")
        wait_for(client)
        assert client.facts().hostname == socket.gethostname()
        assert client.health().checks[0].name == "engine"
        process.send_signal(signal.SIGTERM)
        _out, error = process.communicate(timeout=LIMIT)
    assert process.returncode == 0
    assert b"Traceback" not in error
    assert b"bug" not in error


def test_it_plans_nothing_for_a_machine_that_it_does_not_know(tmp_path: Path) -> None:
    """This one was not started as a node, so nobody knows whether it runs from its disk."""
    with started("--sockets", str(tmp_path)) as process:
        wait_for(Client(tmp_path / "viewer.sock"))
        with pytest.raises(PlanError, match=r"^boot of this machine is not known"):
            Client(tmp_path / "admin.sock").install(dry_run=True)
        assert process.poll() is None


def test_it_speaks_no_tcp(tmp_path: Path) -> None:
    with started("--sockets", str(tmp_path)) as process:
        wait_for(Client(tmp_path / "viewer.sock"))
        links = [path.readlink() for path in Path(f"/proc/{process.pid}/fd").iterdir()]
        inodes = {str(link)[8:-1] for link in links if str(link).startswith("socket:")}
        for table in ("tcp", "tcp6", "udp", "udp6"):
            rows = Path(f"/proc/{process.pid}/net/{table}").read_text().splitlines()[1:]
            assert not inodes & {row.split()[9] for row in rows}


@pytest.fixture
def notices(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(LIMIT)
        yield listener


def test_sockets_and_notices_of_systemd(tmp_path: Path, notices: socket.socket) -> None:
    """Descriptors 3, 4, 5 with their names; READY, WATCHDOG at half its time, STOPPING."""
    listeners = []
    for role in ROLES:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(tmp_path / f"{role}.sock"))
        listener.listen()
        listeners.append(listener)
    inherited = [os.dup(listener.fileno()) for listener in listeners]

    # LISTEN_PID must be the id of the process itself: set it there, as systemd does before exec.
    code = (
        "import os, sys\n"
        f"for place, number in enumerate({inherited!r}, 3): os.dup2(number, place + 20)\n"
        "for place in (3, 4, 5): os.dup2(place + 20, place)\n"
        "os.environ['LISTEN_PID'] = str(os.getpid())\n" + COMMAND
    )
    environment = {
        **os.environ,
        "LISTEN_FDS": "3",
        "LISTEN_FDNAMES": "viewer:operator:admin",
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": "200000",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", code, "engine"],
        pass_fds=inherited,
        env=environment,
        stderr=subprocess.PIPE,
    )
    try:
        heard = {notices.recv(100) for _notice in range(4)}
        assert heard == {b"READY=1", b"WATCHDOG=1"}
        for role in ROLES:
            Client(tmp_path / f"{role}.sock").operations()
        process.send_signal(signal.SIGTERM)
        while (notice := notices.recv(100)) != b"STOPPING=1":
            assert notice == b"WATCHDOG=1"
        assert process.wait(LIMIT) == 0
        # systemd keeps the sockets: the next engine takes them over, and nothing was unlinked.
        assert all((tmp_path / f"{role}.sock").is_socket() for role in ROLES)
    finally:
        process.kill()
        process.communicate(timeout=LIMIT)
        for number in inherited:
            os.close(number)
        for listener in listeners:
            listener.close()


def test_without_sockets_it_says_what_to_do() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "engine"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 9
    assert "systemd passed no socket named viewer, operator or admin." in done.stderr
