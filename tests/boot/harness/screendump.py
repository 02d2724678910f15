"""What stands on the virtual terminal: pixels of a screendump turned back into text.

Both fonts that a node shows are the IBM one (code page 437): the VGA BIOS's in text mode, from
the ROM that QEMU ships, and the kernel's on a frame buffer, whose differences lie in
``console-font.txt``. The nearest glyph wins, so a cursor in a cell does no harm.
"""

import re
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

VGA_BIOS = Path("/usr/share/seabios/vgabios-stdvga.bin")
CONSOLE_FONT = Path(__file__).with_name("console-font.txt")
CELL_HEIGHT = 16
CAPITAL_A = bytes.fromhex("000010386cc6c6fec6c6c6c600000000")  # its 16 rows, to find the table
SYMBOLS = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼"  # code page 437 below the space


@dataclass(frozen=True)
class Picture:
    """An RGB picture: ``pixels`` holds rows of ``width`` x 3 bytes."""

    width: int
    height: int
    pixels: bytes

    def row(self, y: int) -> bytes:
        """Return one row of pixels, 3 bytes each."""
        return self.pixels[y * self.width * 3 : (y + 1) * self.width * 3]


def read_ppm(path: Path) -> Picture:
    """Read the binary PPM (P6, 8 bits) that QEMU's screendump writes."""
    content = path.read_bytes()
    header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", content)
    if header is None:
        raise ValueError(f"{path}: {content[:20]!r} does not begin a screendump of QEMU (P6, 255)")
    width, height = (int(number) for number in header.groups())
    return Picture(width, height, content[header.end() : header.end() + width * height * 3])


def write_png(picture: Picture, path: Path) -> None:
    """Write a PNG (8-bit RGB, no filters; text compresses well enough)."""
    rows = b"".join(b"\0" + picture.row(y) for y in range(picture.height))
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def read_text(picture: Picture) -> str:
    """Return the lines of a text screen of 8x16 cells (9x16 in the VGA's own text mode)."""
    cell_width = 9 if picture.width == 720 else 8
    lines = []
    for top in range(0, picture.height - CELL_HEIGHT + 1, CELL_HEIGHT):
        rows = [picture.row(top + line) for line in range(CELL_HEIGHT)]
        columns = range(0, picture.width // cell_width * cell_width, cell_width)
        lines.append("".join(_character(rows, left) for left in columns).rstrip())
    return "\n".join(lines).rstrip("\n")


def _character(rows: list[bytes], left: int) -> str:
    """Return what one cell shows; a cell of a single colour is a space."""
    pixels = [row[x * 3 : x * 3 + 3] for row in rows for x in range(left, left + 8)]
    colours = set(pixels)
    if len(colours) == 1:
        return " "
    background = max(colours, key=pixels.count)
    bits = int("".join("0" if pixel == background else "1" for pixel in pixels), 2)
    return _nearest(bits)


@cache
def _nearest(bits: int) -> str:
    """Return the character whose glyph differs in the fewest of 128 pixels.

    Half blocks look like each other's inverse, so the inverse of a glyph counts one pixel worse.
    """
    full = (1 << 128) - 1
    glyphs = font()

    def distance(glyph: int) -> int:
        return min((glyph ^ bits).bit_count(), (glyph ^ bits ^ full).bit_count() + 1)

    return glyphs[min(glyphs, key=distance)]


@cache
def font() -> dict[int, str]:
    """Return glyphs (128 bits, top row first) and the characters they stand for."""
    rom = VGA_BIOS.read_bytes()
    start = rom.index(CAPITAL_A) - ord("A") * CELL_HEIGHT
    glyphs: dict[int, str] = {}
    for code in range(256):
        rows = rom[start + code * CELL_HEIGHT : start + (code + 1) * CELL_HEIGHT]
        glyphs.setdefault(int.from_bytes(rows), _unicode(code))
    for line in CONSOLE_FONT.read_text().splitlines():
        if not line.startswith("# "):
            character, rows_in_hex = line.split()
            glyphs[int(rows_in_hex, 16)] = character
    return glyphs


def _unicode(code: int) -> str:
    return SYMBOLS[code] if code < 0x20 else bytes([code]).decode("cp437")
