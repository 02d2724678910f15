"""The harness itself: pure parts here, the rest is proven by every boot test."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.boot.harness.disks import (
    layer_over,
    make_disk,
    read_bytes,
    same_content,
    write_bytes,
)
from tests.boot.harness.machine import Disk, Kernel, Machine, Nic, qemu_argv
from tests.boot.harness.screendump import Picture, font, read_ppm, read_text, write_png
from tests.boot.harness.serial import ConsoleTimeoutError, SerialLine, plain_text

FOLDER = Path("/logs")
SOCKETS = Path("/sockets")


def arguments(machine: Machine) -> str:
    return " ".join(qemu_argv(machine, FOLDER, SOCKETS))


def test_secure_boot_protects_its_variables() -> None:
    line = arguments(Machine(name="m", firmware="uefi-secure"))
    assert "-machine q35,smm=on" in line
    assert "-global driver=cfi.pflash01,property=secure,value=on" in line
    assert "readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd" in line
    assert "if=pflash,unit=1,format=qcow2,file=/logs/variables.qcow2" in line


def test_disks_come_before_the_cd_unless_asked() -> None:
    disk = Disk(image=Path("/d.qcow2"), serial="SYS1", bus="scsi")
    line = arguments(Machine(name="m", disks=(disk,), cdrom=Path("/n.iso")))
    assert "scsi-hd,bus=scsi0.0,drive=disk0,serial=SYS1,bootindex=1" in line
    assert "ide-cd,bus=ide.5,drive=cdrom,bootindex=2" in line
    line = arguments(Machine(name="m", disks=(disk,), cdrom=Path("/n.iso"), boot_cdrom_first=True))
    assert "drive=cdrom,bootindex=0" in line


def test_commas_of_kernel_arguments_survive() -> None:
    line = arguments(Machine(name="m", oem_strings=("node.args:storage_init=size>=1G,bus=nvme",)))
    assert "type=11,value=node.args:storage_init=size>=1G,,bus=nvme" in line


def test_network_and_kernel() -> None:
    nic = Nic(ssh=True, restrict=True)
    kernel = Kernel(image=Path("/k"), initrd=Path("/i"), append="a=1 b=2")
    machine = Machine(name="m", nics=(nic,), kernel=kernel)
    argv = qemu_argv(machine, FOLDER, SOCKETS)
    assert "user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:0-:22" in argv
    assert argv[argv.index("-append") + 1] == "a=1 b=2"


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("\x1b[1;32mok\x1b[0m\r\n", "ok\n"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b(Bx\x1b[?25l\x1b=y", "xy"),
        ("100 %\rdone", "100 %\rdone"),
    ],
)
def test_plain_text(raw: str, plain: str) -> None:
    assert plain_text(raw) == plain


def draw(text: list[str]) -> Picture:
    """Draw lines of equal length as a frame-buffer console would: light grey on black."""
    glyphs = {character: bits for bits, character in font().items()}
    rows = bytearray()
    for line in text:
        for y in range(16):
            for character in line:
                bits = glyphs[character] >> (8 * (15 - y)) & 0xFF
                rows += b"".join(
                    b"\xaa\xaa\xaa" if bits >> (7 - x) & 1 else b"\0\0\0" for x in range(8)
                )
    return Picture(len(text[0]) * 8, len(text) * 16, bytes(rows))


def test_the_screen_is_read_from_its_pixels() -> None:
    text = ["┌ Node 1.0 ─ 0OQ8B ┐", "│ MTVWXYZ fmvwx |~ │", "└ !\"#$%&'()*+,-./ ┘"]
    width = max(map(len, text))
    assert read_text(draw([line.ljust(width) for line in text])).split("\n") == text


def test_pictures_survive_their_files(tmp_path: Path) -> None:
    picture = Picture(2, 1, b"\x0a\x0b\x0c\x20\x0a\xff")  # bytes that look like white space
    (tmp_path / "p.ppm").write_bytes(b"P6\n2 1\n255\n" + picture.pixels)
    assert read_ppm(tmp_path / "p.ppm") == picture
    write_png(picture, tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[tuple[SerialLine, socket.socket]]:
    """A serial line and the machine's end of it."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        line = SerialLine(tmp_path / "s")
        machine, _ = listener.accept()
        with machine:
            yield line, machine
        line.close()


def test_expect_searches_forward(wire: tuple[SerialLine, socket.socket]) -> None:
    line, machine = wire
    machine.sendall(b"login: one\r\nlogin: two\r\n")
    assert line.expect(r"login: (\w+)", timeout=5)[1] == "one"
    assert line.expect(r"login: (\w+)", timeout=5)[1] == "two"
    threading.Timer(0.1, machine.sendall, (b"login: three\r\n",)).start()
    assert line.expect(r"login: (\w+)", timeout=5)[1] == "three"


def test_a_missed_text_shows_the_console(wire: tuple[SerialLine, socket.socket]) -> None:
    line, machine = wire
    machine.sendall(b"\x1b[31mKernel panic\x1b[0m\r\n")
    line.expect("panic", timeout=5)
    with pytest.raises(ConsoleTimeoutError, match=r"(?s)no 'login:'.*the console ends:\nKernel pa"):
        line.expect("login:", timeout=0.1)


def test_a_dead_machine_is_not_waited_for(wire: tuple[SerialLine, socket.socket]) -> None:
    line, machine = wire
    machine.close()
    with pytest.raises(ConsoleTimeoutError, match="the machine is gone"):
        line.expect("login:", timeout=60)


def test_the_screen_is_what_a_person_sees(wire: tuple[SerialLine, socket.socket]) -> None:
    line, machine = wire
    machine.sendall(b"old\x1b[2J\x1b[5;10HNode 1.0")
    line.expect_screen("Node 1.0", timeout=5)
    assert line.screen().split("\n")[4] == " " * 9 + "Node 1.0"


def test_disks_are_read_and_written_from_outside(tmp_path: Path) -> None:
    disk = make_disk(tmp_path / "d.qcow2", 2**21)
    before = layer_over(disk, tmp_path / "before.qcow2")
    assert same_content(disk, before)
    layer = layer_over(disk, tmp_path / "layer.qcow2")
    write_bytes(layer, 4096, b"node" * 256)
    assert read_bytes(layer, 4096 - 512, 1024) == b"\0" * 512 + b"node" * 128
    assert not same_content(layer, disk)
    assert same_content(disk, before)
