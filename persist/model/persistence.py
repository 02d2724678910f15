"""``[persist]``: how much the node may remember."""

from typing import Annotated

from msgspec import Meta, Struct

from persist.errors import ConfigError
from persist.sizes import Size
from persist.translation import _

LARGEST_CAP = Size(48 * 2**20)


class Persist(Struct, frozen=True, kw_only=True):
    """The cap bounds the content of one generation; Config must hold several of them."""

    cap: Annotated[Size, Meta(description="Most that persisted files may hold together.")] = Size(
        8 * 2**20
    )

    def __post_init__(self) -> None:
        if not 2**20 <= self.cap <= LARGEST_CAP:
            raise ConfigError(
                "cap",
                _("{value} is out of range").format(value=self.cap),
                _("Use a size from 1MiB to {most}.").format(most=LARGEST_CAP),
            )
