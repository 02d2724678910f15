"""``[identity]``: who this node is."""

from typing import Annotated

from msgspec import Meta, Struct

from persist.model.checks import check_hostname


class Identity(Struct, frozen=True, kw_only=True):
    """Without a host name the node uses the one that DHCP gives."""

    hostname: Annotated[
        str, Meta(description="Host name, fully qualified; empty takes it from DHCP.")
    ] = ""

    def __post_init__(self) -> None:
        if self.hostname:
            check_hostname("hostname", self.hostname)
