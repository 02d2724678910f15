"""RAUC: its configuration for one slot, and its conversation on a real message bus."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dbus.bus import BusConnection
from dbus.mainloop.glib import DBusGMainLoop

from node_tui.plan.layout import SLOT_TYPE
from node_tui.plan.machine import Made
from node_tui.system import rauc as rauc_module
from node_tui.system.command import Output
from node_tui.system.rauc import Rauc, render_config, start_command
from node_tui.system.rauc_bus import Bus, install_bundle
from persist.errors import BundleError, StepError
from plugins.api.steps import Progress

ROOT = Path(__file__).parents[3]
EXPECTED = Path(__file__).with_name("rauc-install.conf")
SLOT = Made(3, "Root-A", SLOT_TYPE, "uuid", 2**28, Path("/dev/vda3"))
BUNDLE = Path("/run/node/medium/node.raucb")


def test_the_only_slot_is_the_new_one() -> None:
    text = render_config(Path("/etc/rauc/keyring.pem"), Path("/run/node/rauc"), SLOT)
    assert text == EXPECTED.read_text()


def test_the_service_is_started_as_on_no_slot() -> None:
    command = start_command(Path("/run/x.conf"))
    assert command[-5:] == [
        "/usr/bin/rauc",
        "--conf=/run/x.conf",
        "--mount=/run/rauc/mnt",
        "service",
        "--override-boot-slot=_external_",
    ]
    # Nobody writes on when the engine, which watches over it, is gone.
    assert "--property=BindsTo=node-engine.service" in command
    assert "--property=After=node-engine.service" in command


def test_without_a_keyring_nothing_is_trusted(tmp_path: Path) -> None:
    rauc = Rauc(tmp_path / "none.pem", tmp_path)
    with pytest.raises(BundleError, match=r"keyring .* is missing"):
        rauc.write(BUNDLE, SLOT, lambda *_told: None)


class Systemd:
    """Stands for systemctl and journalctl: notes the calls, fails at ``broken``."""

    def __init__(self, broken: str = "") -> None:
        self.broken = broken
        self.lines: list[str] = []

    def __call__(self, argv: list[str], **_options: object) -> Output:
        line = " ".join(argv)
        self.lines.append(line)
        if self.broken and line.startswith(self.broken):
            raise StepError(f"{line} failed: exit code 1")
        return Output("rauc: no keyring\n" if argv[0] == "journalctl" else "", "", 0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a keyring; no bundle is installed by any bus."""
    (tmp_path / "keyring.pem").touch()
    monkeypatch.setattr(rauc_module, "install_bundle", lambda bundle, _progress: bundle)
    return tmp_path


def write(folder: Path) -> None:
    Rauc(folder / "keyring.pem", folder / "rauc").write(BUNDLE, SLOT, lambda *_told: None)


STOP = "systemctl stop node-install-rauc.service rauc.service"


def test_no_service_stays_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    systemd = Systemd()
    monkeypatch.setattr(rauc_module, "run", systemd)
    write(folder)
    start = " ".join(start_command(folder / "rauc/install.conf"))
    assert systemd.lines == [STOP, start, STOP]


def test_a_service_that_does_not_start_tells_why(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd = Systemd("systemd-run")
    monkeypatch.setattr(rauc_module, "run", systemd)
    with pytest.raises(StepError, match="RAUC does not start") as caught:
        write(folder)
    assert caught.value.hint == "rauc: no keyring"
    assert systemd.lines[-1] == STOP


def test_what_fails_while_stopping_hides_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rauc_module, "run", Systemd("systemctl stop"))
    write(folder)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    """A message bus of our own; nothing of the build machine's is touched."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is missing; apt-get install dbus-daemon")
    address = f"unix:path={tmp_path / 'bus'}"
    argv = ["dbus-daemon", "--session", "--nofork", "--print-address", f"--address={address}"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline().startswith(b"unix:")
        yield address
        daemon.terminate()


def install(bus: str, progress: Progress = lambda *_told: None) -> None:
    """Install over ``bus``. libdbus remembers the first system bus of a process: not used here."""

    def connect() -> Bus:
        connection: Bus = BusConnection(bus, mainloop=DBusGMainLoop())
        return connection

    install_bundle(BUNDLE, progress, connect)


@pytest.fixture
def rauc(bus: str) -> Iterator[Callable[[str], None]]:
    """Start a service that behaves as RAUC does in one way."""
    started: list[subprocess.Popen[bytes]] = []

    def start(how: str) -> None:
        argv = [sys.executable, "-m", "tests.fakes.rauc_service", how]
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus}
        service = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, env=environment)
        started.append(service)
        assert service.stdout is not None
        assert service.stdout.readline() == b"de.pengutronix.rauc\n"

    yield start
    for service in started:
        service.kill()
        with service:
            service.wait(timeout=10)


def test_an_installation_ends_with_the_signal(bus: str, rauc: Callable[[str], None]) -> None:
    rauc("good")
    told: list[tuple[float, str]] = []
    install(bus, lambda fraction, message="": told.append((fraction, message)))
    assert told == [(0.0, "Installing"), (0.4, "Writing"), (0.8, "Writing"), (1.0, "done")]


def test_a_bundle_that_is_not_trusted_is_the_bundles_fault(
    bus: str, rauc: Callable[[str], None]
) -> None:
    rauc("bad-signature")
    with pytest.raises(BundleError, match="signer is not trusted"):
        install(bus)


def test_a_disk_that_fails_is_the_disks_fault(bus: str, rauc: Callable[[str], None]) -> None:
    rauc("disk-error")
    told: list[float] = []
    with pytest.raises(StepError, match="Input/output error") as caught:
        install(bus, lambda fraction, message="": told.append(fraction))  # noqa: ARG005
    assert not isinstance(caught.value, BundleError)
    assert told[-1] == 0.8


def test_a_service_that_dies_ends_the_waiting(bus: str, rauc: Callable[[str], None]) -> None:
    rauc("dies")
    with pytest.raises(StepError, match="RAUC ended in the middle of writing"):
        install(bus)


def test_no_service_at_all(bus: str) -> None:
    with pytest.raises(StepError, match="RAUC does not answer") as caught:
        install(bus)
    assert "journalctl -u rauc" in caught.value.hint
