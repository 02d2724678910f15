"""GRUB's environment block: variables in a file that GRUB can read, and change in place.

Source: grub-core/lib/envblk.c of GRUB 2.12. A signature line, then ``name=value`` lines where a
backslash hides the character after it, padded with ``#``.
"""

SIGNATURE = b"# GRUB Environment Block\n"
STATE_SIZE = 512


def read_variable(block: bytes, name: str) -> str | None:
    """Return what GRUB would find in ``name``, None when it is not set or ``block`` is none.

    The last setting counts. GRUB stops at a line without ``=`` or without an end.
    """
    if not block.startswith(SIGNATURE):
        return None
    found = None
    place = len(SIGNATURE)
    while place < len(block):
        if block[place : place + 1] == b"#":
            place = _next_line(block, place)
            continue
        equals = block.find(b"=", place)
        end = -1 if equals < 0 else _end_of_value(block, equals + 1)
        if end < 0:
            return found
        if _c_string(block[place:equals]) == name:
            found = _c_string(_unescape(block[equals + 1 : end]))
        place = end + 1
    return found


def format_block(name: str, value: str, size: int | None = STATE_SIZE) -> bytes:
    """Return a block of ``size`` bytes (None: no longer than needed) that sets one variable."""
    escaped = value.replace("\\", "\\\\").replace("\n", "\\\n")
    content = SIGNATURE + f"{name}={escaped}\n".encode()
    if size is None:
        return content
    if len(content) > size:
        raise ValueError(f"{name} needs {len(content)} bytes, the block has {size}")
    return content.ljust(size, b"#")


def _next_line(block: bytes, place: int) -> int:
    end = block.find(b"\n", place)
    return len(block) if end < 0 else end + 1


def _end_of_value(block: bytes, place: int) -> int:
    """Return where the newline is that ends the value at ``place``, -1 when there is none."""
    while place < len(block):
        if block[place : place + 1] == b"\n":
            return place
        place += 2 if block[place : place + 1] == b"\\" else 1
    return -1


def _unescape(raw: bytes) -> bytes:
    plain = bytearray()
    hidden = False
    for byte in raw:
        hidden = byte == 0x5C and not hidden
        if not hidden:
            plain.append(byte)
    return bytes(plain)


def _c_string(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("utf-8", "replace")
