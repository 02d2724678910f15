"""What identifies this node, made here once: machine-id and SSH host keys, kept in /config.

Runs before the network and before sshd. A live or stateless node makes host keys only when SSH is
open: they are gone with the next boot.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from node_tui.system.boot_mode import Boot, read_boot
from node_tui.system.command import run
from persist.errors import NodeError
from persist.store import Generation, gather_file, newest_generation, save_generation
from persist.translation import _
from plugins.api.facts import SlotName

MACHINE_ID = "/etc/machine-id"
# Kinds that take no time: an RSA key costs seconds of computing before the network may start. ECDSA
# is for clients that may use nothing but what FIPS 186-4 names.
HOST_KEYS = {"ed25519": (), "ecdsa": ("-b", "256")}
SSH_CLOSED = "etc/ssh/sshd_not_to_be_run"
CONFIG_DIR = "config"

Runner = Callable[[Sequence[str | Path]], object]


def main() -> int:
    """Make and keep the identity of this machine; 0, or 1 with the reason on stderr."""
    try:
        for path in make_identity(Path("/"), read_boot(Path("/"))):
            _say(_("made {path}").format(path=path))
    except (NodeError, OSError) as error:
        _say(str(error))
        return 1
    return 0


def make_identity(root: Path, boot: Boot, call: Runner = run) -> tuple[str, ...]:
    """Make what is missing below ``root``, commit it on an installed node, return what was made."""
    made = _make_machine_id(root, call)
    if boot.mode == "installed" or not (root / SSH_CLOSED).exists():
        made += _make_host_keys(root, call)
    if boot.mode == "installed" and boot.config == "ok" and boot.slot is not None:
        keep_identity(root, boot.slot)
    return made


def keep_identity(root: Path, slot: SlotName) -> int | None:
    """Write a generation with the identity unless the newest one has it; return its number."""
    config_dir = root / CONFIG_DIR
    newest = _newest(config_dir, slot)
    if newest is None:
        # Without a config there is nothing to commit to; the defaults of a node are not an answer.
        _say(
            _("nothing is remembered in {path}: the identity is kept until reboot only").format(
                path=config_dir
            )
        )
        return None
    paths = [MACHINE_ID, *(path for kind in HOST_KEYS for path in _key_paths(kind))]
    current = [gather_file(root, path, asked_by="node", why="identity") for path in paths]
    remembered = {item.path: (item.content, item.mode) for item in newest.files}
    if all(remembered.get(item.path) == (item.content, item.mode) for item in current):
        return None
    others = [item for item in newest.files if item.path not in paths]
    return save_generation(
        config_dir, slot, newest.node_toml, [*others, *current], {**newest.meta, "why": "identity"}
    )


def _newest(config_dir: Path, slot: SlotName) -> Generation | None:
    """Return what this boot used: the slot's own line, or that of the slot it came from."""
    other: SlotName = "B" if slot == "A" else "A"
    return newest_generation(config_dir, slot) or newest_generation(config_dir, other)


def _make_machine_id(root: Path, call: Runner) -> tuple[str, ...]:
    """systemd writes one when it starts; a root where it could not gets one now."""
    path = root / MACHINE_ID[1:]
    if path.exists() and path.stat().st_size > 0:
        return ()
    call(["systemd-machine-id-setup", f"--root={root}"])
    return (MACHINE_ID,)


def _make_host_keys(root: Path, call: Runner) -> tuple[str, ...]:
    made = []
    for kind, options in HOST_KEYS.items():
        private, public = (root / path[1:] for path in _key_paths(kind))
        # A power cut between the two files of a pair must not leave half of one for good.
        if private.exists() and public.exists():
            continue
        fresh = private.with_name(f".{private.name}.making")
        for leftover in (fresh, fresh.with_name(f"{fresh.name}.pub")):
            leftover.unlink(missing_ok=True)
        call(["ssh-keygen", "-q", "-t", kind, *options, "-N", "", "-C", "", "-f", fresh])
        fresh.with_name(f"{fresh.name}.pub").replace(public)
        fresh.replace(private)
        made.append("/" + str(private.relative_to(root)))
    return tuple(made)


def _key_paths(kind: str) -> tuple[str, str]:
    return f"/etc/ssh/ssh_host_{kind}_key", f"/etc/ssh/ssh_host_{kind}_key.pub"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
