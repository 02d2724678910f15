"""Who wins: defaults, then the saved config, then legacy arguments, then ``node.*`` arguments.

One function owns the precedence, and every value knows where it came from.
"""

import copy
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from kickstart.arguments import Arguments, Setting
from persist.errors import ConfigError
from persist.model import NodeConfig, decode_config, encode_config
from persist.model.decoding import join
from persist.translation import _


class InstallRequest(Struct, frozen=True, kw_only=True):
    """What the arguments ask of the installer beside the ``install`` section.

    ``kernel_arguments`` are the foreign words that the installed system starts with.
    """

    unattended: bool = False
    stateless: bool = False
    kernel_arguments: tuple[str, ...] = ()


class Merged(Struct, frozen=True, kw_only=True):
    """The effective config. ``provenance`` maps a dotted path to ``saved`` or ``argument NAME``."""

    config: NodeConfig
    provenance: Mapping[str, str]
    install: InstallRequest

    def origin(self, path: str) -> str:
        """Return where the value at ``path`` came from; ``default`` when nobody gave it."""
        while path:
            if path in self.provenance:
                return self.provenance[path]
            path = path.rpartition(".")[0]
        return "default"


def merge_config(saved: NodeConfig | None, arguments: Arguments) -> Merged:
    """Return the config that results; raise ConfigError naming path and argument to mend."""
    plain: dict[str, Any] = encode_config(saved) if saved is not None else {}
    provenance = dict.fromkeys(_leaves(plain, ""), "saved")
    for setting in sorted(arguments.settings, key=_index_order):
        _place(plain, setting)
        for path in [path for path in provenance if _is_inside(path, setting.dotted)]:
            del provenance[path]
        provenance[setting.dotted] = f"argument {setting.argument}"
    try:
        config = decode_config(plain)
    except ConfigError as error:
        raise _with_origin(error, provenance) from None
    request = InstallRequest(
        unattended=arguments.unattended,
        stateless=arguments.stateless,
        kernel_arguments=arguments.foreign,
    )
    return Merged(config=config, provenance=provenance, install=request)


def _index_order(setting: Setting) -> tuple[int, ...]:
    """``links.1`` after ``links.0``, in whatever order they were typed.

    Sorting is stable: old arguments, which have no index, stay before ``node.*``.
    """
    return tuple(part for part in setting.path if isinstance(part, int))


def _place(plain: dict[str, Any], setting: Setting) -> None:
    """Set one value in the tree of plain values, making the tables on the way."""
    target: Any = plain
    *parents, last = setting.path
    for position, part in enumerate(parents):
        following = setting.path[position + 1]
        target = _step_into(target, part, [] if isinstance(following, int) else {}, setting)
    if isinstance(last, int):
        _step_into(target, last, None, setting)
    target[last] = copy.deepcopy(setting.value)


def _step_into(target: Any, part: str | int, empty: Any, setting: Setting) -> Any:
    if isinstance(part, str):
        return target.setdefault(part, empty)
    if part > len(target):
        raise ConfigError(
            setting.argument,
            _("item {index} is given, but no item {missing}").format(
                index=part, missing=len(target)
            ),
            _("Count the items from 0 without a gap."),
        )
    if part == len(target):
        target.append(empty)
    return target[part]


def _leaves(value: Any, path: str) -> list[str]:
    if isinstance(value, dict):
        return [leaf for name, item in value.items() for leaf in _leaves(item, join(path, name))]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [
            leaf for index, item in enumerate(value) for leaf in _leaves(item, join(path, index))
        ]
    return [path]


def _is_inside(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")


def _with_origin(error: ConfigError, provenance: Mapping[str, str]) -> ConfigError:
    """Say which argument gave the wrong value: that is what the reader has to mend."""
    guilty = [
        source
        for path, source in provenance.items()
        if source != "saved" and (_is_inside(error.path, path) or _is_inside(path, error.path))
    ]
    if not guilty:
        return error
    message = error.message.removeprefix(f"{error.path}: ")
    where = _("{message} (from {source})").format(message=message, source=guilty[-1])
    return ConfigError(error.path, where, error.hint)
