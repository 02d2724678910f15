"""The same live system from a USB stick and over HTTP."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.boot.harness.machine import Firmware, Kernel, Machine, Nic
from tests.boot.harness.running import boot
from tests.boot.node import BOOT_TIMEOUT, STATUS_PAGE, live_machine

pytestmark = pytest.mark.boot_long
CONSOLES = "systemd.unit=multi-user.target rd.shell=0 panic=10 console=ttyS0,115200 console=tty0"


@pytest.mark.parametrize("firmware", ["bios", "uefi-secure"])
def test_live_from_a_stick(qemu: None, dist: Path, logs: Path, firmware: Firmware) -> None:
    """The ISO written to a stick as it is."""
    machine = live_machine(
        dist,
        f"stick-{firmware}",
        firmware=firmware,
        cdrom=None,
        usb=dist / "node.iso",
    )
    with boot(machine, logs / machine.name) as vm:
        vm.expect_screen(STATUS_PAGE, timeout=BOOT_TIMEOUT)
        assert "/dev/sd" in vm.root.run("cat /run/node/boot.json")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a word on stderr."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """Serve a folder over HTTP on a free port of the host and yield the port."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join(timeout=10)


def test_live_over_http(qemu: None, dist: Path, logs: Path) -> None:
    """Any loader that passes kernel, initrd and arguments; here QEMU itself."""
    with served(dist / "pxe") as port:
        kernel = Kernel(
            image=dist / "pxe" / "vmlinuz",
            initrd=dist / "pxe" / "initrd",
            append=f"node.bundle=http://10.0.2.2:{port}/node.raucb {CONSOLES}",
        )
        machine = Machine(
            name="http", kernel=kernel, nics=(Nic(ssh=True),), root_shell=True, memory=3072
        )
        with boot(machine, logs / "http") as vm:
            vm.expect_screen(STATUS_PAGE, timeout=BOOT_TIMEOUT)
            assert "http://" in vm.root.run("cat /run/node/boot.json")


def test_a_damaged_bundle_is_refused(qemu: None, dist: Path, logs: Path, tmp_path: Path) -> None:
    """One changed byte in the payload: the machine does not run it, says so and restarts."""
    content = bytearray((dist / "pxe" / "node.raucb").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "node.raucb").write_bytes(content)
    with served(tmp_path) as port:
        kernel = Kernel(
            image=dist / "pxe" / "vmlinuz",
            initrd=dist / "pxe" / "initrd",
            append=f"node.bundle=http://10.0.2.2:{port}/node.raucb {CONSOLES}",
        )
        machine = Machine(name="http-damaged", kernel=kernel, memory=3072)
        with boot(machine, logs / "http-damaged") as vm:
            vm.qmp.execute("set-action", reboot="shutdown")
            vm.serial.expect("does not match its signature", timeout=BOOT_TIMEOUT)
            vm.wait_off(timeout=BOOT_TIMEOUT)
