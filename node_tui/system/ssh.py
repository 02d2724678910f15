"""How this node is reached by SSH: its host keys, and whether something listens."""

import base64
import hashlib
from pathlib import Path

from plugins.api.facts import HostKey

PORT = 22
LISTENING = "0A"  # TCP_LISTEN in /proc/net/tcp


def read_host_keys(root: Path) -> tuple[HostKey, ...]:
    """Return the public host keys with their fingerprints as ssh-keygen prints them."""
    keys = []
    for path in sorted((root / "etc/ssh").glob("ssh_host_*_key.pub")):
        blob = base64.b64decode(path.read_text(encoding="ascii").split()[1])
        digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        kind = path.name.removeprefix("ssh_host_").removesuffix("_key.pub")
        keys.append(HostKey(kind=kind, fingerprint=f"SHA256:{digest}"))
    return tuple(keys)


def is_open(root: Path) -> bool:
    """Say whether something listens on the SSH port of this machine."""
    for table in ("proc/net/tcp", "proc/net/tcp6"):
        path = root / table
        if path.exists() and any(_listens(line) for line in path.read_text().splitlines()[1:]):
            return True
    return False


def _listens(line: str) -> bool:
    _number, local, _remote, state, *_rest = line.split()
    return state == LISTENING and local.endswith(f":{PORT:04X}")
