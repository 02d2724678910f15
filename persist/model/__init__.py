"""The config of a node: what is asked of it, as frozen values that cannot be wrong.

Every check runs when a value is made, so a ``NodeConfig`` that exists is valid. The first error is
raised as ConfigError with the dotted path, the value and the remedy.
"""

from persist.model.addresses import Ipv4, Ipv6
from persist.model.config import NodeConfig
from persist.model.decoding import decode_config
from persist.model.encoding import encode_config
from persist.model.identity import Identity
from persist.model.install import Install
from persist.model.keyboard import Keyboard
from persist.model.network import Link, Network
from persist.model.persistence import Persist
from persist.model.secret import Secret
from persist.model.security import Security
from persist.model.selectors import DiskSelector, parse_selector
from persist.model.ssh import Ssh
from persist.model.time import Time

__all__ = [
    "DiskSelector",
    "Identity",
    "Install",
    "Ipv4",
    "Ipv6",
    "Keyboard",
    "Link",
    "Network",
    "NodeConfig",
    "Persist",
    "Secret",
    "Security",
    "Ssh",
    "Time",
    "decode_config",
    "encode_config",
    "parse_selector",
]
