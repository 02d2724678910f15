"""Sizes as people write them: ``8MiB``, ``200G``; MB is 10^6, MiB is 2^20, each means that."""

import re

from persist.translation import _

_DECIMAL = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "p": 10**15}
_BINARY = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "p": 2**50}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmgtp])(i?))?b?", re.IGNORECASE | re.ASCII)
_WRITTEN = (
    ("PiB", 2**50), ("PB", 10**15), ("TiB", 2**40), ("TB", 10**12), ("GiB", 2**30), ("GB", 10**9),
    ("MiB", 2**20), ("MB", 10**6), ("KiB", 2**10), ("kB", 10**3),
)  # fmt: skip


class Size(int):
    """A number of bytes that prints itself the way it is written in ``node.toml``."""

    __slots__ = ()

    def __str__(self) -> str:
        return format_size(self)

    def __repr__(self) -> str:
        return f"Size({format_size(self)!r})"

    def __format__(self, spec: str) -> str:
        return format(int(self), spec) if spec else format_size(self)


def parse_size(text: str) -> Size:
    """Return the bytes of ``text``; a bare number is bytes. Raises ValueError with the reason."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(_("{value!r} is not a size").format(value=text))
    number, unit, binary = match.groups()
    factor = (_BINARY if binary else _DECIMAL)[unit.lower()] if unit else 1
    whole, _point, fraction = number.partition(".")
    scaled, rest = divmod(int(whole + fraction) * factor, 10 ** len(fraction))
    if rest:
        raise ValueError(_("{value!r} is not a whole number of bytes").format(value=text))
    return Size(scaled)


def format_size(size: int) -> str:
    """Return ``size`` exactly, in the largest unit that divides it."""
    for unit, factor in _WRITTEN:
        if size >= factor and size % factor == 0:
            return f"{size // factor}{unit}"
    return f"{int(size)}B" if size else "0"
