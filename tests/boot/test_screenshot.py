"""The README's picture is a real one: the console's text can be read from its pixels."""

import struct
import zlib

from tests.boot.harness.screendump import Picture, read_text
from tests.boot.node import STATUS_PAGE
from tests.boot.screenshot import LARGEST, PICTURE
from tests.conftest import ROOT


def read_png() -> Picture:
    """Read back a PNG as ``write_png`` makes it."""
    content = PICTURE.read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    start = content.index(b"IDAT") + 4
    rows = zlib.decompress(content[start:])
    stride = width * 3 + 1
    pixels = b"".join(rows[y * stride + 1 : (y + 1) * stride] for y in range(height))
    return Picture(width, height, pixels)


def test_the_picture_shows_the_status_page() -> None:
    assert STATUS_PAGE in read_text(read_png())
    assert PICTURE.stat().st_size < LARGEST


def test_the_readme_shows_the_picture() -> None:
    assert "docs/console.png" in (ROOT / "README.md").read_text()
