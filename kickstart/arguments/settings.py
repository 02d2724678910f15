"""``node.SECTION.KEY=VALUE``: every config key as a kernel argument, typed by the model."""

from difflib import get_close_matches
from typing import Any

from msgspec import Struct

from kickstart.arguments.values import read_boolean, read_list, read_typed
from kickstart.arguments.words import Word
from persist.errors import ConfigError
from persist.model import NodeConfig
from persist.model.fields import fields_of, is_struct, item_type, unknown_key
from persist.translation import _

Path = tuple[str | int, ...]

# Words beside the sections. What is False is known and not built: refused rather than ignored.
RESERVED = {
    "config": False,
    "config.sha256": False,
    "bundle": True,
    "events": False,
    "stateless": True,
    "ram": False,
    "interactive": False,
    "token": True,
    "debug": True,
    "log_level": True,
    "boot": True,
}
# Lists whose items may hold commas themselves: the commas of one value would be ambiguous.
_COMMAS_INSIDE = ("install.disk", "install.consent", "security.authorized_keys")


class Setting(Struct, frozen=True):
    """One value for one place in the config, and the argument that gave it."""

    path: Path
    value: Any
    argument: str

    @property
    def dotted(self) -> str:
        """The path as people write it."""
        return ".".join(map(str, self.path))


def read_setting(word: Word) -> Setting:
    """Return the setting that a ``node.`` word makes; raise ConfigError naming the word."""
    path = word.name.removeprefix("node.")
    kind, typed = _locate(word.name, path.split("."))
    return Setting(typed, _read_value(kind, word, path), word.name)


def read_reserved(word: Word) -> tuple[str, str] | None:
    """Return (name, value) when ``word`` is a reserved one, None when it is a config key."""
    name = word.name.removeprefix("node.")
    if name not in RESERVED:
        return None
    if not RESERVED[name]:
        raise ConfigError(
            word.name,
            _("this version does not offer it yet"),
            _("Remove the argument, or give the same values as node.SECTION.KEY=VALUE."),
        )
    if name in ("stateless", "debug"):
        return name, "yes" if read_boolean(word.name, word.value) else "no"
    return name, word.value or ""


def _locate(argument: str, parts: list[str]) -> tuple[Any, Path]:
    kind: Any = NodeConfig
    typed: list[str | int] = []
    for part in parts:
        items = item_type(kind)
        if items is not None:
            if not (part.isascii() and part.isdigit() and len(part) <= 3):
                raise ConfigError(
                    argument,
                    _("{part!r} is not the index of an item").format(part=part),
                    _("Count the items from 0, as in node.network.links.0.name=eno1."),
                )
            typed.append(int(part))
            kind = items
        elif is_struct(kind):
            kind = _key_type(argument, kind, part, typed)
            typed.append(part)
        else:
            raise unknown_key(argument, part, [".".join(["node", *map(str, typed)])])
    return kind, tuple(typed)


def _key_type(argument: str, struct: Any, part: str, before: list[str | int]) -> Any:
    known = dict(fields_of(struct))
    if not before:
        del known["version"]
    if part in known:
        return known[part].type
    prefix = ".".join(["node", *map(str, before)])
    names = [f"{prefix}.{name}" for name in known]
    if not before:
        names += [f"node.{name}" for name in RESERVED]
    near = get_close_matches(f"{prefix}.{part}", names, 1, cutoff=0.5)
    raise ConfigError(
        argument,
        _("there is no such argument"),
        _("Did you mean {near}?").format(near=near[0])
        if near
        else _("Known: {names}.").format(names=", ".join(names)),
    )


def _read_value(kind: Any, word: Word, path: str) -> Any:
    if is_struct(kind):
        keys = ", ".join(fields_of(kind))
        raise ConfigError(
            word.name,
            _("this is a table, not a single value"),
            _("Add one of its keys: {keys}.").format(keys=keys),
        )
    items = item_type(kind)
    if items is None:
        return read_typed(kind, word.name, word.value)
    if is_struct(items):
        raise ConfigError(
            word.name,
            _("this is a list of tables"),
            _("Count them from 0, as in {name}.0.{key}=...").format(
                name=word.name, key=next(iter(fields_of(items)))
            ),
        )
    return _read_items(items, word, path)


def _read_items(items: Any, word: Word, path: str) -> list[Any]:
    if word.value == "":
        return []
    if path in _COMMAS_INSIDE and "," in (word.value or ""):
        raise ConfigError(
            word.name,
            _("a comma could belong to an item or part two of them"),
            _("Give one argument an item: {name}.0=... {name}.1=...").format(name=word.name),
        )
    return [read_typed(items, word.name, item) for item in read_list(word.name, word.value)]
