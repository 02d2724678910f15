"""``[ssh]``: the SSH server."""

from typing import Annotated

from msgspec import Meta, Struct


class Ssh(Struct, frozen=True, kw_only=True):
    """SSH opens only when enabled and when admin has a credential that it would accept."""

    enabled: Annotated[
        bool, Meta(description="Run the SSH server once admin has a credential.")
    ] = True
    password_login: Annotated[bool, Meta(description="Accept the admin password over SSH.")] = False
