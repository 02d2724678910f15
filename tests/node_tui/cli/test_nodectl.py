"""nodectl against a real engine: what it prints, what it exits with."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

from node_tui.cli import install as install_verb
from node_tui.cli.nodectl import main
from node_tui.cli.persist import main as persist_main
from node_tui.engine.operations import Operations
from persist.errors import PlanError, StepError
from plugins.api.events import Event, Monitor, Operation
from plugins.api.facts import Facts
from tests.node_tui.cli.conftest import Run
from tests.node_tui.engine.benches import Bench, some_facts


def test_status_shows_what_matters(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Node 1.0.0  node1  live  healthy"
    assert "Check      engine ok" in lines


@pytest.mark.parametrize("verb", ["status", "facts", "slots", "health", "operations"])
def test_json_is_json(run: Run, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    assert run(verb, "--json") == 0
    json.loads(capsys.readouterr().out)


def test_json_of_facts_is_the_struct(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("facts", "--json")
    facts = msgspec.json.decode(capsys.readouterr().out, type=Facts)
    assert facts == some_facts()


def test_the_exit_code_is_that_of_the_error(
    bench: Bench, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(operations: Operations, *, dry_run: bool) -> Operation:
        raise PlanError("two disks match", f"dry run: {dry_run}")

    bench.engine.install = refuse
    assert run("install", "--dry-run") == 3
    assert capsys.readouterr().err == "error: two disks match\n  dry run: True\n"


def test_an_absent_engine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["nodectl", "status", "--sockets", str(tmp_path)])
    assert main() == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: The engine does not listen on {tmp_path}/viewer.sock.")
    assert "systemctl status node-engine" in error


@pytest.mark.parametrize("verb", ["reboot", "poweroff"])
def test_power(bench: Bench, run: Run, verb: str) -> None:
    assert run(verb) == 0
    assert bench.power == [verb]


def test_a_dry_run_prints_the_plan(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("install", "--dry-run") == 0
    assert capsys.readouterr().out == "Install\n  1. wipe\n"


def event(fraction: float, **fields: str) -> Event:
    return Event(
        time="2026-01-01T00:00:00Z",
        operation="install",
        state="running",
        fraction=fraction,
        step=fields.get("step", "partition"),
        message=fields.get("message", ""),
    )


def work(monitor: Monitor) -> None:
    monitor(event(0.1))
    monitor(event(0.6, step="write-slot", message="70 of 140 MB"))


def fail(monitor: Monitor) -> None:
    monitor(event(0.1))
    raise StepError("sda: read error", "Replace the disk.")


def test_install_prints_events_as_lines(
    bench: Bench, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.work = work
    assert run("install") == 0
    assert capsys.readouterr().out.splitlines() == [
        " 10 %  running   partition",
        " 60 %  running   write-slot  70 of 140 MB",
        "100 %  done      Done.",
    ]
    assert bench.power == []


def test_events_as_json_lines(bench: Bench, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    bench.work = work
    assert run("install", "--json") == 0
    lines = capsys.readouterr().out.splitlines()
    fractions = [msgspec.json.decode(line, type=Event).fraction for line in lines]
    assert fractions == [0.1, 0.6, 1.0]


def kernel_says(monkeypatch: pytest.MonkeyPatch, folder: Path, line: str) -> None:
    (folder / "cmdline").write_text(line + "\n")
    monkeypatch.setattr(install_verb, "COMMAND_LINE", folder / "cmdline")


def test_unattended_installs_and_reboots(
    bench: Bench,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench.work = work
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    kernel_says(monkeypatch, tmp_path, "storage_init=/dev/vda reboot_delay=7")
    assert run("install", "--unattended") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Installed. Restarting in 7 s."
    assert (bench.power, waits) == (["reboot"], [7])


def test_unattended_without_reboot(
    bench: Bench, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bench.work = work
    kernel_says(monkeypatch, tmp_path, "storage_init=/dev/vda node.install.reboot=no")
    assert run("install", "--unattended") == 0
    assert bench.power == []


def test_a_refused_unattended_install_says_why_and_waits(
    bench: Bench, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def refuse(operations: Operations, *, dry_run: bool) -> Operation:
        asked.append(dry_run)
        raise PlanError("2 disks match 'only'", "Name one by its serial.")

    bench.engine.install = refuse
    assert run("install", "--unattended") == 3
    assert capsys.readouterr().out.splitlines() == [
        "Installation refused, nothing was written: 2 disks match 'only'",
        "  Name one by its serial.",
        "This machine waits: mend the cause and start it again.",
    ]
    assert (asked, bench.power) == ([False], [])


def test_a_failed_unattended_install_never_reboots(
    bench: Bench, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.work = fail
    assert run("install", "--unattended") == 4
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3:-1] == [" 10 %  failed    sda: read error", "      Replace the disk."]
    assert lines[-1].startswith("The installation failed. This machine waits")
    assert bench.power == []


def test_operations_are_listed_and_shown(
    bench: Bench, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("operations") == 0
    assert capsys.readouterr().out == "No operation since the engine started.\n"
    bench.work = work
    run("install")
    capsys.readouterr()
    assert run("operations") == 0
    (line,) = capsys.readouterr().out.splitlines()
    number = line.split()[0]
    assert line == f"{number}  done  100 %  Install"
    assert run("operations", number) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert run("operations", number, "--follow") == 0
    assert run("operations", "nothing") == 1


def test_persist_refuses_clearly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["persist", "add", "--now", "/etc/motd"])
    assert persist_main() == 3
    assert "cannot persist single files; nothing was changed" in capsys.readouterr().err


def start(*words: str) -> list[str]:
    code = "import sys; from node_tui.cli.nodectl import main; sys.exit(main())"
    return [sys.executable, "-c", code, *words]


def test_a_reader_that_leaves_is_no_error(bench: Bench) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = start("facts", "--sockets", str(bench.folder))
    with subprocess.Popen(command, stdout=write_end, stderr=subprocess.PIPE) as process:
        os.close(write_end)
        _out, error = process.communicate(timeout=20)
    assert (process.returncode, error) == (0, b"")


def test_ctrl_c_is_quiet(bench: Bench) -> None:
    """Ctrl+C while following: no traceback, and the operation goes on."""
    over = threading.Event()

    def work(monitor: Monitor) -> None:
        monitor(event(0.1))
        assert over.wait(20)

    bench.work = work
    # Who runs the tests in the background of a shell hands on an ignored Ctrl+C.
    listening = ("env", "--default-signal=INT")
    command = [*listening, *start("install", "--sockets", str(bench.folder))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b" 10 %  running   partition\n"
        process.send_signal(signal.SIGINT)
        _out, error = process.communicate(timeout=20)
    assert (process.returncode, error) == (130, b"")
    (running,) = bench.client("viewer").operations()
    assert running.state == "running"
    over.set()
    assert list(bench.client("viewer").follow(running.id))[-1].state == "done"


def test_status_loads_little() -> None:
    """What makes it quick: none of these is imported before or while status is asked for."""
    heavy = ["libvirt", "textual", "starlette", "uvicorn", "dbus", "pyudev", "jinja2", "asyncio"]
    code = (
        "import sys, node_tui.cli.nodectl, node_tui.cli.status\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20
    )
    assert done.stdout == "[]\n"
