"""Health of /config: mounted, writable, and the newest generation of the booted slot verifies."""

import os
from pathlib import Path

from node_tui.system.boot_mode import read_boot
from persist.errors import NodeError
from persist.store import find_generation
from persist.translation import _
from plugins.api.facts import SlotName

CONFIG = "config"


class ConfigFaultError(NodeError):
    """What the node remembers cannot be read or added to."""


def check_config(root: Path) -> str:
    """Say in words that the node remembers what it is told; NodeError when it does not."""
    path = root / CONFIG
    boot = read_boot(root)
    if boot.config != "ok":
        raise ConfigFaultError(
            _("{path} is {state}, defaults are in use.").format(path=path, state=boot.config),
            _("Nothing was formatted; write the config again, or start the rescue console."),
        )
    if not path.is_mount():
        raise ConfigFaultError(
            _("{path} is not mounted.").format(path=path), _("Reboot this node.")
        )
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        raise ConfigFaultError(
            _("{path} is read-only.").format(path=path),
            _("The disk reported errors; the kernel's journal names them."),
        )
    return _check_generation(path, boot.slot or "A")


def _check_generation(path: Path, slot: SlotName) -> str:
    """Say which generation counts; damaged ones were passed over at boot, and that is told."""
    generation, skipped = find_generation(path, slot)
    if generation is None:
        raise ConfigFaultError(
            _("{path} holds no whole generation of slot {slot}, defaults are in use.").format(
                path=path, slot=slot
            ),
            "\n".join(map(str, skipped)) or _("Write the config again."),
        )
    words = [_("generation {number}").format(number=generation.number), *map(str, skipped)]
    return ", ".join(words)
