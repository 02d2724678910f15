"""``[security]``: who may log in as ``admin``."""

from typing import Annotated

from msgspec import Meta, Struct

from persist.model.checks import check_crypt_hash, check_ssh_key, check_unique
from persist.model.secret import Secret


class Security(Struct, frozen=True, kw_only=True):
    """Credentials of ``admin``; there is no default password anywhere."""

    admin_password: Annotated[
        Secret | None,
        Meta(description="Password of admin as a crypt hash (mkpasswd --method=yescrypt)."),
    ] = None
    authorized_keys: Annotated[
        tuple[str, ...], Meta(description="Public SSH keys of admin, one a line of a .pub file.")
    ] = ()
    expire_admin_password: Annotated[
        bool, Meta(description="Ask admin for a new password at the first login.")
    ] = False

    def __post_init__(self) -> None:
        if self.admin_password is not None:
            check_crypt_hash("admin_password", self.admin_password)
        for index, key in enumerate(self.authorized_keys):
            check_ssh_key(f"authorized_keys.{index}", key)
        check_unique("authorized_keys", self.authorized_keys)

    @property
    def has_credential(self) -> bool:
        """Whether anybody can log in at all; SSH stays closed until then."""
        return self.admin_password is not None or bool(self.authorized_keys)
