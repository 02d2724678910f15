"""NodeConfig to plain values (as TOML and JSON take them): stable order, defaults left out."""

from typing import Any, Literal

import msgspec

from persist.model.config import NodeConfig
from persist.model.fields import fields_of
from persist.model.secret import Secret
from persist.sizes import Size

Secrets = Literal["shown", "hidden"]


def encode_config(
    config: NodeConfig, *, secrets: Secrets = "shown", defaults: bool = False
) -> dict[str, Any]:
    """Return ``config`` as dicts, lists and scalars; ``hidden`` secrets read ``set``.

    ``version`` always stands; keys that have their default only when ``defaults`` is asked for.
    """
    plain = _encode_struct(config, secrets, defaults)
    return {"version": config.version, **plain}


def _encode_struct(value: msgspec.Struct, secrets: Secrets, defaults: bool) -> dict[str, Any]:  # noqa: FBT001
    plain: dict[str, Any] = {}
    for field in fields_of(type(value)).values():
        item = getattr(value, field.name)
        if item is None or (not defaults and not field.required and item == field.default):
            continue
        plain[field.name] = _encode_value(item, secrets, defaults)
    return plain


def _encode_value(value: Any, secrets: Secrets, defaults: bool) -> Any:  # noqa: FBT001
    if isinstance(value, msgspec.Struct):
        return _encode_struct(value, secrets, defaults)
    if isinstance(value, tuple):
        return [_encode_value(item, secrets, defaults) for item in value]
    if isinstance(value, Secret):
        return value.reveal() if secrets == "shown" else str(value)
    if isinstance(value, Size):
        return str(value)
    return value
