"""storage_init and storage_vol: which disk, and how large its partitions are."""

import re
from typing import Any

from kickstart.arguments.values import read_text
from persist.errors import ConfigError
from persist.model import parse_selector
from persist.translation import _

_BUS = re.compile(r"(ata|scsi|usb)(?::(.+))?", re.ASCII)
_FIELDS = ("Boot", "Swap", "Root", "Config", "Logging", "Data", "Swap2", "Data2")
# Config of storage_vol was the partition; here the partition is fixed and its content is capped.
_PLACES = {
    "swap": "install.swap_size",
    "root": "install.slot_size",
    "config": "persist.cap",
    "logging": "install.logging_size",
    "data": "install.data_size",
}
_FIXED = ("boot", "efi")
_SECOND = ("swap2", "data2")


def read_storage_init(argument: str, value: str | None) -> dict[str, Any]:
    """Bare, it is the only eligible disk; otherwise one selector, in an old form or a new one."""
    if not value:
        return {"install.disk": ["only"]}
    if ";" in value:
        raise _several_disks(argument, value, _("what follows the semicolon"))
    return {"install.disk": [_read_selector(argument, value)]}


def _read_selector(argument: str, text: str) -> str:
    bus = _BUS.fullmatch(text)
    if bus and bus[2] == "ALL":
        raise _several_disks(argument, text, _("every disk of a bus"))
    if bus:
        text = f"bus={bus[1]},serial={bus[2]}" if bus[2] else f"bus={bus[1]}"
    elif text.startswith("cciss"):
        raise ConfigError(
            argument,
            _("{value!r}: cciss is no bus any more").format(value=text),
            _("The driver hpsa shows these disks as SCSI: use scsi or serial:..."),
        )
    elif text.startswith("/") and re.search(r"[*?\[]", text):
        raise ConfigError(
            argument,
            _("{value!r}: a pattern may match another disk at the next boot").format(value=text),
            _("Use serial:..., wwn:... or the whole path below /dev/disk/by-id."),
        )
    items = text.split(",")
    if len(items) > 1 and not all("=" in item for item in items):
        raise _several_disks(argument, text, _("a list of disks"))
    return parse_selector(argument, text).text


def _several_disks(argument: str, value: str, what: str) -> ConfigError:
    return ConfigError(
        argument,
        _("{value!r}: {what} is not supported, a node uses one disk").format(
            value=value, what=what
        ),
        _("Name the one disk that the node may use."),
    )


def read_storage_vol(argument: str, value: str | None) -> dict[str, Any]:
    """Positions or names, in MiB as the old node counted; empty = default, Data -1 = the rest."""
    items = read_text(argument, value).split(":")
    if len(items) > len(_FIELDS) + 1:
        raise _bad_volumes(argument, value)
    named = any("," in item for item in items)
    settings: dict[str, Any] = {}
    for position, item in enumerate(items):
        if not item:
            continue
        if named:
            size, _comma, name = item.partition(",")
        elif position < len(_FIELDS):
            size, name = item, _FIELDS[position]
        else:
            raise _bad_volumes(argument, value)
        settings.update(_read_volume(argument, name, size))
    return settings


def _read_volume(argument: str, name: str, size: str) -> dict[str, Any]:
    volume = name.lower()
    if not re.fullmatch(r"-1|\d{1,9}", size, re.ASCII):
        raise ConfigError(
            argument,
            _("{value!r} is not a size for {name}").format(value=size, name=name),
            _("Give MiB as a whole number; Data may be -1 for the rest of the disk."),
        )
    if volume in _FIXED or (size == "-1" and volume == "data"):
        return {}
    if volume in _SECOND:
        if size == "0":
            return {}
        raise _several_disks(argument, f"{size},{name}", _("a second swap or data volume"))
    if volume not in _PLACES or size == "-1":
        raise _bad_volumes(argument, f"{size},{name}")
    return {_PLACES[volume]: f"{size}MiB"}


def _bad_volumes(argument: str, value: str | None) -> ConfigError:
    return ConfigError(
        argument,
        _("{value!r} does not describe volumes").format(value=value),
        _(
            "Write BOOT:SWAP:ROOT:CONFIG:LOGGING:DATA in MiB, or items such as"
            " 4096,Swap:2048,Logging; only Data may be -1."
        ),
    )
