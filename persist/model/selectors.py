"""Disk selectors: how a disk is named so that it is the right one on every boot.

Forms: ``only`` (the only eligible disk), ``/dev/...`` (a path or link), ``serial:X``, ``wwn:X``, or
terms joined by commas: ``size>=200G,bus=nvme,model=SAMSUNG*``. All terms must hold.
"""

import re
from typing import Literal

from msgspec import Struct

from persist.errors import ConfigError
from persist.sizes import parse_size
from persist.translation import _

TermKey = Literal["size", "bus", "model", "serial", "wwn"]
Comparison = Literal["=", ">=", "<="]

_TERM = re.compile(r"(size|bus|model|serial|wwn)(>=|<=|=)(.+)", re.ASCII)
_PATH = re.compile(r"/dev(?:/(?!\.\.?(?:/|$))[^\s,;*?\[\]/]+)+")


class Term(Struct, frozen=True):
    """One condition. ``size`` is in bytes; ``value`` the text for the rest (``*`` in models)."""

    key: TermKey
    comparison: Comparison
    value: str
    size: int = 0


class DiskSelector(Struct, frozen=True):
    """A parsed selector: exactly one of ``only``, ``path`` and ``terms`` says something."""

    text: str
    only: bool = False
    path: str = ""
    terms: tuple[Term, ...] = ()


def parse_selector(path: str, text: str) -> DiskSelector:
    """Return the selector that ``text`` means; ``path`` is the config path for the error."""
    if not text.isprintable():
        raise _wrong(path, text)
    if text == "only":
        return DiskSelector(text, only=True)
    if text.startswith("/"):
        if not _PATH.fullmatch(text):
            raise _wrong(path, text)
        return DiskSelector(text, path=text)
    for key in ("serial", "wwn"):
        value = text.removeprefix(f"{key}:")
        if value != text:
            if not value.strip() or "," in value:
                raise _wrong(path, text)
            return DiskSelector(text, terms=(Term(key, "=", value),))
    return DiskSelector(
        text, terms=tuple(_parse_term(path, text, item) for item in text.split(","))
    )


def _parse_term(path: str, text: str, item: str) -> Term:
    match = _TERM.fullmatch(item.strip())
    if match is None:
        raise _wrong(path, text)
    key, comparison, value = match.groups()
    if key == "size":
        try:
            return Term(key, comparison, value, parse_size(value))  # type: ignore[arg-type]
        except ValueError as reason:
            raise ConfigError(path, str(reason), _("Write it like 200G or 512MiB.")) from None
    if comparison != "=":
        raise _wrong(path, text)
    return Term(key, comparison, value)  # type: ignore[arg-type]


def _wrong(path: str, text: str) -> ConfigError:
    return ConfigError(
        path,
        _("{value!r} does not select a disk").format(value=text),
        _(
            "Use only, serial:..., wwn:..., a path such as /dev/disk/by-id/..., or terms such as"
            " size>=200G,bus=nvme,model=SAMSUNG*."
        ),
    )
