"""``[identity]``: who this node is."""

from typing import Annotated

from msgspec import Meta, Struct

from persist.model.checks import check_hostname


class Identity(Struct, frozen=True, kw_only=True):
    """Empty ``hostname``: the one DHCP gives, else ``node-`` and the end of the machine id."""

    hostname: Annotated[
        str, Meta(description="Host name, fully qualified; empty takes it from DHCP.")
    ] = ""

    def __post_init__(self) -> None:
        if self.hostname:
            check_hostname("hostname", self.hostname)
