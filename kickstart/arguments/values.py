"""Values of kernel arguments: text to the type that a config key has."""

from typing import Any

from persist.errors import ConfigError
from persist.model.fields import choices_of
from persist.model.secret import Secret
from persist.sizes import Size, parse_size
from persist.translation import _

_TRUE = ("1", "yes", "true", "on")
_FALSE = ("0", "no", "false", "off")


def read_boolean(argument: str, value: str | None) -> bool:
    """A bare word means yes; ``upgrade=no`` means no; anything else is an error."""
    if value is None or value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise ConfigError(
        argument,
        _("{value!r} is neither yes nor no").format(value=value),
        _("Use one of: {words}.").format(words=", ".join((*_TRUE, *_FALSE))),
    )


def read_text(argument: str, value: str | None) -> str:
    """Return the value; a bare word or an empty one is an error."""
    if value:
        return value
    raise ConfigError(
        argument,
        _("has no value"),
        _("Write {argument}=VALUE, or leave the argument out.").format(argument=argument),
    )


def read_number(argument: str, value: str | None) -> int:
    """Return a whole number that is not negative."""
    text = read_text(argument, value)
    if text.isascii() and text.isdigit():
        return int(text)
    raise ConfigError(
        argument,
        _("{value!r} is not a whole number").format(value=text),
        _("Use digits only."),
    )


def read_size(argument: str, value: str | None) -> Size:
    """Return a size such as ``512MiB``."""
    try:
        return parse_size(read_text(argument, value))
    except ValueError as reason:
        raise ConfigError(
            argument, str(reason), _("Write it like 200G (10^9) or 512MiB (2^20).")
        ) from None


def read_list(argument: str, value: str | None) -> list[str]:
    """Return the items between commas."""
    items = [item.strip() for item in read_text(argument, value).split(",")]
    if all(items):
        return items
    raise ConfigError(
        argument,
        _("{value!r} has an empty item").format(value=value),
        _("Put exactly one comma between two items."),
    )


def read_typed(kind: Any, argument: str, value: str | None) -> Any:
    """Return ``value`` as ``kind``, a scalar type of the config model."""
    if kind is bool:
        return read_boolean(argument, value)
    if kind is int:
        return read_number(argument, value)
    if kind is Size:
        return read_size(argument, value)
    if kind is Secret:
        return Secret(read_text(argument, value))
    choices = choices_of(kind)
    if choices and value not in choices:
        raise ConfigError(
            argument,
            _("{value!r} is not one of the choices").format(value=value or ""),
            _("Use one of: {choices}.").format(choices=", ".join(choices)),
        )
    if value is None:
        return read_text(argument, value)
    return value
