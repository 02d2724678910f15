"""``[keyboard]``: the layout of the console."""

from typing import Annotated

from msgspec import Meta, Struct

from persist.model.checks import check_keymap


class Keyboard(Struct, frozen=True, kw_only=True):
    """The layout of every local console."""

    layout: Annotated[str, Meta(description="Console keyboard layout, such as us or de.")] = "us"

    def __post_init__(self) -> None:
        check_keymap("layout", self.layout)
