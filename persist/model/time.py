"""``[time]``: zone and time servers."""

import re
import zoneinfo
from difflib import get_close_matches
from typing import Annotated

from msgspec import Meta, Struct

from persist.errors import ConfigError
from persist.model.checks import check_server, check_unique
from persist.translation import _

_ZONE = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+){0,2}", re.ASCII)


class Time(Struct, frozen=True, kw_only=True):
    """An empty ``ntp`` list means that the clock is left alone."""

    zone: Annotated[str, Meta(description="Time zone, such as Asia/Shanghai.")] = "UTC"
    ntp: Annotated[
        tuple[str, ...], Meta(description="Time servers; an empty list switches time keeping off.")
    ] = ("2.debian.pool.ntp.org",)

    def __post_init__(self) -> None:
        _check_zone("zone", self.zone)
        for index, server in enumerate(self.ntp):
            check_server(f"ntp.{index}", server)
        check_unique("ntp", self.ntp)


def _check_zone(path: str, value: str) -> None:
    if value == "UTC" or (_ZONE.fullmatch(value) and _is_known_zone(value)):
        return
    near = get_close_matches(value, sorted(zoneinfo.available_timezones()), 1)
    raise ConfigError(
        path,
        _("{value!r} is not a time zone").format(value=value),
        _("Did you mean {near}?").format(near=near[0])
        if near
        else _("Use a name such as UTC or Asia/Shanghai."),
    )


def _is_known_zone(value: str) -> bool:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
