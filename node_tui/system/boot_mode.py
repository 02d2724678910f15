"""How this machine was started: the initramfs' marker, the firmware, Secure Boot."""

from pathlib import Path
from typing import Literal

import msgspec

from persist.errors import PlanError
from persist.translation import _
from plugins.api.facts import BootMode, SlotName

MARKER = "run/node/boot.json"
SECURE_BOOT = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


class Boot(msgspec.Struct, frozen=True, kw_only=True):
    """What the initramfs wrote down. ``config`` is ``ok``, ``absent`` or ``unreadable: reason``."""

    mode: BootMode
    slot: SlotName | None = None
    source: str = ""
    bundle: str | None = None
    config: str = "absent"
    medium_device: str | None = None


def read_boot(root: Path) -> Boot:
    """Return the marker; PlanError when it is missing or damaged: then this is no node."""
    path = root / MARKER
    try:
        # A command line may hold any byte, and the marker repeats it.
        return msgspec.json.decode(path.read_text("utf-8", errors="replace"), type=Boot)
    except FileNotFoundError as error:
        raise PlanError(
            _("{path} is missing: this machine was not started as a node.").format(path=path),
            _("Start it from the node's medium, network image or disk."),
        ) from error
    except (OSError, msgspec.MsgspecError) as error:
        message = _("{path} cannot be read: {reason}").format(path=path, reason=error)
        raise PlanError(message, _("Reboot this machine.")) from error


def read_firmware(root: Path) -> Literal["bios", "uefi"]:
    """Return which firmware started the kernel."""
    return "uefi" if (root / "sys/firmware/efi").is_dir() else "bios"


def is_secure_boot(root: Path) -> bool:
    """Say whether the firmware checked signatures (4 bytes of attributes, then the value)."""
    try:
        return (root / SECURE_BOOT).read_bytes()[4:5] == b"\x01"
    except FileNotFoundError:
        return False
