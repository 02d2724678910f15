"""The whole config: one field a section, in the order in which ``node.toml`` is written."""

from msgspec import Struct

from persist.errors import ConfigError
from persist.model.identity import Identity
from persist.model.install import Install
from persist.model.keyboard import Keyboard
from persist.model.network import Network
from persist.model.persistence import Persist
from persist.model.security import Security
from persist.model.ssh import Ssh
from persist.model.time import Time
from persist.translation import _

SCHEMA_VERSION = 1


class NodeConfig(Struct, frozen=True, kw_only=True):
    """What is asked of a node. ``version`` is the schema's, not the product's."""

    version: int = SCHEMA_VERSION
    identity: Identity = Identity()
    security: Security = Security()
    ssh: Ssh = Ssh()
    network: Network = Network()
    time: Time = Time()
    keyboard: Keyboard = Keyboard()
    install: Install = Install()
    persist: Persist = Persist()

    def __post_init__(self) -> None:
        if self.version != SCHEMA_VERSION:
            raise ConfigError(
                "version",
                _("this image reads version {known}, not {value}").format(
                    known=SCHEMA_VERSION, value=self.version
                ),
                _("Boot the image that wrote it, or write the config anew for this one."),
            )

    @property
    def opens_ssh(self) -> bool:
        """Whether the SSH server runs: asked for, and admin has a credential it accepts."""
        by_password = self.ssh.password_login and self.security.admin_password is not None
        return self.ssh.enabled and (by_password or bool(self.security.authorized_keys))
