"""JSON of what the engine tells: bytes that are no text never keep the rest from being told."""

from typing import Any

import msgspec


def encode_json(value: Any) -> bytes:
    """Return ``value`` as JSON; what is no UTF-8 is written as ``\\xff``.

    Python reads such bytes of a kernel command line, a device or a host name as lone surrogates,
    which msgspec refuses to encode.
    """
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_as_text(msgspec.to_builtins(value)))


def _as_text(value: Any) -> Any:
    if isinstance(value, str):
        raw = value.encode("utf-8", "surrogateescape")
        return raw.decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {_as_text(key): _as_text(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(item) for item in value]
    return value
