"""A machine that runs: its serial line, its monitor, its screen, its power switch."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.boot.harness.disks import make_variables
from tests.boot.harness.machine import FIRMWARE_VARIABLES, OVMF, Machine, qemu_argv
from tests.boot.harness.qmp import Qmp, QmpError
from tests.boot.harness.rootshell import RootShell
from tests.boot.harness.screendump import Picture, read_ppm, read_text, write_png
from tests.boot.harness.serial import ConsoleTimeoutError, SerialLine

SOCKET_TIMEOUT = 30.0  # seconds until QEMU has made its sockets
FORWARD = re.compile(r"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+22\b")
KEYS = {" ": "spc", "-": "minus", "=": "equal", ".": "dot", "/": "slash", "\r": "ret", ",": "comma"}
SHIFTED = {":": "semicolon", "_": "minus", ">": "dot", "$": "4", "+": "equal"}


class Running:
    """A started machine. Made by ``boot``, which also ends it."""

    def __init__(
        self, machine: Machine, process: subprocess.Popen[bytes], folder: Path, sockets: Path
    ) -> None:
        """Connect to the ``sockets``; logs and pictures go to ``folder``."""
        self.machine = machine
        self.folder = folder
        self.process = process
        self._await_socket(sockets / "qmp")
        self.qmp = Qmp(sockets / "qmp")
        self.serial = SerialLine(sockets / "serial")
        self._shell = RootShell(sockets / "shell") if machine.root_shell else None

    @property
    def ssh_port(self) -> int:
        """The port of 127.0.0.1 that leads to the guest's SSH."""
        table = self.qmp.monitor("info usernet")
        match = FORWARD.search(table)
        if match is None:
            raise LookupError(f"{self.machine.name}: no NIC with ssh=True; QEMU forwards:\n{table}")
        return int(match[1])

    @property
    def root(self) -> RootShell:
        """Root inside the guest; only for a machine with ``root_shell``."""
        if self._shell is None:
            raise LookupError(f"{self.machine.name} was started without root_shell=True")
        return self._shell

    def resume(self) -> None:
        """Let the processors run."""
        self.qmp.execute("cont")

    def picture(self) -> Picture:
        """Return what the graphics card shows."""
        path = self.folder / "screen.ppm"
        self.qmp.execute("screendump", filename=str(path))
        return read_ppm(path)

    def save_picture(self, name: str) -> Path:
        """Keep a PNG of the screen beside the logs of this machine and return its path."""
        path = self.folder / f"{name}.png"
        write_png(self.picture(), path)
        return path

    def screen(self) -> str:
        """Return the text on the virtual terminal, read from its pixels."""
        return read_text(self.picture())

    def expect_screen(self, pattern: str, *, timeout: float) -> re.Match[str]:
        """Wait until the virtual terminal shows what matches; seconds."""
        deadline = time.monotonic() + timeout
        while (match := re.search(pattern, shown := self.screen(), re.MULTILINE)) is None:
            if time.monotonic() > deadline or self.process.poll() is not None:
                picture = self.save_picture("failure")
                raise ConsoleTimeoutError(
                    f"no {pattern!r} on the virtual terminal after {timeout:.0f} s ({picture}):\n"
                    f"{shown}\nthe serial line ends:\n{self.serial.tail()}"
                )
            time.sleep(0.5)  # each look costs QEMU a copy of the frame buffer
        return match

    def press(self, *keys: str) -> None:
        """Press keys on the keyboard, named as QEMU names them (``ret``, ``f2``, ``ctrl-l``)."""
        for key in keys:
            codes = [{"type": "qcode", "data": code} for code in key.split("-")]
            self.qmp.execute("send-key", keys=codes)
            time.sleep(0.1)  # QEMU holds a key for 0.1 s; the next one would be dropped

    def type(self, text: str) -> None:
        """Type text on the keyboard (US layout)."""
        for character in text:
            if character in SHIFTED or character.isupper():
                self.press(f"shift-{SHIFTED.get(character, character.lower())}")
            else:
                self.press(KEYS.get(character, character))

    def save_state(self, name: str) -> None:
        """Save memory and devices into the qcow2 disks, to be resumed with ``boot(state=...)``."""
        answer = self.qmp.monitor(f"savevm {name}")
        if answer.strip():
            raise QmpError(f"savevm {name}: {answer}")

    def load_state(self, name: str) -> None:
        """Take up a state saved before by the same machine."""
        answer = self.qmp.monitor(f"loadvm {name}")
        if answer.strip():
            raise QmpError(f"loadvm {name}: {answer}")

    def reset(self) -> None:
        """Press the reset button."""
        self.qmp.execute("system_reset")

    def power_button(self) -> None:
        """Press the power button: the guest shuts itself down."""
        self.qmp.execute("system_powerdown")

    def cut_power(self) -> None:
        """Pull the plug. What the guest flushed is kept on a ``durable`` disk, the rest is lost."""
        self.process.kill()
        self.process.wait(timeout=30)

    def wait_off(self, *, timeout: float) -> None:
        """Wait until the guest has switched itself off; seconds."""
        try:
            self.process.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise ConsoleTimeoutError(
                f"{self.machine.name} still runs after {timeout:.0f} s; its console ends:\n"
                f"{self.serial.tail()}"
            ) from None

    def close(self) -> None:
        """Switch off, keep what the guest wrote, hang up."""
        with suppress(QmpError):  # it may be off already
            self.qmp.execute("quit")  # a killed QEMU forgets which clusters of a qcow2 it has used
            self.process.wait(timeout=60)
        self.cut_power()
        self.qmp.close()
        self.serial.close()
        if self._shell:
            self._shell.close()

    def _await_socket(self, path: Path) -> None:
        deadline = time.monotonic() + SOCKET_TIMEOUT
        while not path.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                complaint = (self.folder / "qemu.log").read_text(errors="replace")
                raise QmpError(f"QEMU did not start {self.machine.name}: {complaint}")
            time.sleep(0.02)


@contextmanager
def boot(machine: Machine, folder: Path, *, state: str = "") -> Iterator[Running]:
    """Run a machine, its files in ``folder``; whatever happens, no process survives this block."""
    folder.mkdir(parents=True, exist_ok=True)
    variables = folder / "variables.qcow2"
    if machine.firmware != "bios" and not variables.exists():
        make_variables(OVMF / FIRMWARE_VARIABLES[machine.firmware], variables)
    # Paths of sockets have at most 107 bytes, so they cannot lie in a test's long folder.
    with TemporaryDirectory(prefix="node-") as sockets:
        process = _start(machine, folder, Path(sockets))
        try:
            running = Running(machine, process, folder, Path(sockets))
            try:
                if state:
                    running.load_state(state)
                running.resume()
                yield running
            finally:
                running.close()
        finally:
            process.kill()
            process.wait(timeout=30)


def _start(machine: Machine, folder: Path, sockets: Path) -> subprocess.Popen[bytes]:
    # Even when the tests are killed, QEMU gets a KILL from the kernel.
    argv = ("setpriv", "--pdeathsig", "KILL", *qemu_argv(machine, folder, sockets))
    with (folder / "qemu.log").open("wb") as log:
        log.write(f"{' '.join(argv)}\n".encode())
        log.flush()
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
