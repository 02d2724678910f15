"""Plain values (as TOML and JSON give them) to a checked NodeConfig, errors with full path."""

from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar, cast

import msgspec

from persist.errors import ConfigError
from persist.model.config import NodeConfig
from persist.model.fields import choices_of, fields_of, is_struct, item_type, unknown_key
from persist.model.secret import Secret
from persist.sizes import Size, parse_size
from persist.translation import _

S = TypeVar("S", bound=msgspec.Struct)


def decode_config(plain: Mapping[str, Any]) -> NodeConfig:
    """Return the config that ``plain`` describes; raise ConfigError for the first thing wrong."""
    return decode_struct(NodeConfig, plain, "")


def decode_struct(struct: type[S], plain: Mapping[str, Any], path: str) -> S:
    """Return ``plain`` as ``struct``; ``path`` is where it stands in the config."""
    if not isinstance(plain, Mapping):
        _mistyped(path, plain, _("a table"))
    known = fields_of(struct)
    values: dict[str, Any] = {}
    for name, value in plain.items():
        if name not in known:
            raise unknown_key(join(path, name), name, known)
        field = known[name]
        values[name] = decode_value(field.type, value, join(path, name))
    for field in known.values():
        if field.required and field.name not in values:
            raise ConfigError(
                join(path, field.name),
                _("is missing"),
                _("Add it: {what}").format(what=field.description),
            )
    try:
        return struct(**values)
    except ConfigError as error:
        raise moved_under(path, error) from None


def decode_value(kind: Any, value: Any, path: str) -> Any:
    """Return ``value`` as ``kind``, one of the types that config keys have."""
    if is_struct(kind):
        return decode_struct(kind, value, path)
    items = item_type(kind)
    if items is not None:
        if not isinstance(value, list | tuple):
            _mistyped(path, value, _("a list"))
        return tuple(
            decode_value(items, item, join(path, index)) for index, item in enumerate(value)
        )
    if choices_of(kind):
        return _decode_choice(choices_of(kind), value, path)
    return _decode_scalar(kind, value, path)


def _decode_scalar(kind: Any, value: Any, path: str) -> Any:
    if kind is Secret:
        if isinstance(value, Secret):
            return value
        if not isinstance(value, str):
            _mistyped(path, "...", _("text in quotes"))
        return Secret(value)
    if kind is Size:
        return _decode_size(value, path)
    if kind is bool:
        if not isinstance(value, bool):
            _mistyped(path, value, _("true or false"))
    elif kind is int:
        if not isinstance(value, int) or isinstance(value, bool):
            _mistyped(path, value, _("a whole number"))
    elif not isinstance(value, str):
        _mistyped(path, value, _("text in quotes"))
    return value


def _decode_choice(choices: tuple[str, ...], value: Any, path: str) -> str:
    if value not in choices:
        raise ConfigError(
            path,
            _("{value!r} is not one of the choices").format(value=value),
            _("Use one of: {choices}.").format(choices=", ".join(choices)),
        )
    return cast("str", value)


def _decode_size(value: Any, path: str) -> Size:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return Size(value)
    if not isinstance(value, str):
        _mistyped(path, value, _('a size such as "8MiB"'))
    try:
        return parse_size(value)
    except ValueError as reason:
        raise ConfigError(
            path, str(reason), _("Write it like 200G (10^9) or 512MiB (2^20).")
        ) from None


def _mistyped(path: str, value: Any, wanted: str) -> NoReturn:
    raise ConfigError(
        path,
        _("{value!r} has the wrong type").format(value=value),
        _("Here stands {wanted}.").format(wanted=wanted),
    )


def join(path: str, name: str | int) -> str:
    """Return the dotted path of ``name`` inside ``path``."""
    return f"{path}.{name}" if path else str(name)


def moved_under(path: str, error: ConfigError) -> ConfigError:
    """Return ``error`` as seen from outside: its path prefixed by ``path``."""
    if not path:
        return error
    message = error.message.removeprefix(f"{error.path}: ")
    return ConfigError(join(path, error.path) if error.path else path, message, error.hint)
