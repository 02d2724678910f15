"""What the model says of itself: sections, keys, types. Codecs, arguments and docs walk this."""

import types
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from persist.errors import ConfigError
from persist.translation import _


class Field(msgspec.Struct, frozen=True):
    """One key. ``type`` is bare, without ``Annotated``; ``optional`` says that None is allowed."""

    name: str
    type: Any
    optional: bool
    default: Any
    required: bool
    description: str


@cache
def fields_of(struct: type[msgspec.Struct]) -> dict[str, Field]:
    """Return the fields of a section or table by name, in order."""
    return {field.name: _describe(field) for field in msgspec.structs.fields(struct)}


def _describe(field: msgspec.structs.FieldInfo) -> Field:
    plain, description = _unwrap(field.type)
    plain, optional = _without_none(plain)
    default = field.default
    if default is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    return Field(field.name, plain, optional, default, default is msgspec.NODEFAULT, description)


def _unwrap(annotation: Any) -> tuple[Any, str]:
    if get_origin(annotation) is not Annotated:
        return annotation, ""
    inner, *metadata = get_args(annotation)
    described = (item.description or "" for item in metadata if isinstance(item, msgspec.Meta))
    return inner, next(described, "")


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation, False
    members = [item for item in get_args(annotation) if item is not type(None)]
    if len(members) != 1:
        raise TypeError(f"a config key has one type, not {annotation}")
    return members[0], True


def is_struct(kind: Any) -> bool:
    """Say whether ``kind`` is a table."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def item_type(kind: Any) -> Any | None:
    """Return the type of the items when ``kind`` is a list key, else None."""
    return get_args(kind)[0] if get_origin(kind) is tuple else None


def choices_of(kind: Any) -> tuple[str, ...]:
    """Return the words a key accepts when it accepts only some."""
    return get_args(kind) if get_origin(kind) is Literal else ()


def unknown_key(
    path: str, name: str, known: Iterator[str] | list[str] | dict[str, Any]
) -> ConfigError:
    """Return the error for a key that does not exist, with the nearest one that does."""
    names = list(known)
    near = get_close_matches(name, names, 1, cutoff=0.5)
    hint = (
        _("Did you mean {near}?").format(near=near[0])
        if near
        else _("Known: {names}.").format(names=", ".join(names))
    )
    return ConfigError(path, _("there is no such key"), hint)
