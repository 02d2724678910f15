"""The firmware's own boot menu (NVRAM): an entry for this node, when the firmware takes one.

Best effort: every firmware also starts EFI/BOOT/BOOTX64.EFI, and some lose or refuse entries.
"""

import re
from pathlib import Path

from node_tui.system.command import run
from persist.errors import NodeError
from persist.translation import _

LABEL = "Node"
LOADER = r"\EFI\debian\shimx64.efi"
PARTITIONS = Path("/dev/disk/by-partuuid")
# efibootmgr -v: "Boot0003* Node  HD(1,GPT,<partition uuid>,0x800,0x40000)/File(...)"
_ENTRY = re.compile(
    r"^Boot(?P<number>[0-9A-F]{4})\*?\s+(?P<label>[^\t]*?)\s+HD\(\d+,GPT,(?P<uuid>[^,]+),"
)


def add_boot_entry(disk: Path, esp_number: int, esp_uuid: str) -> str:
    """Make this node the first choice of the firmware; return why not, or an empty text.

    Entries of earlier installations whose ESP is gone are removed: firmware has little room.
    """
    try:
        listed = run(["efibootmgr", "--verbose"], timeout=30).stdout
        for number in stale_entries(listed, esp_uuid, PARTITIONS):
            run(["efibootmgr", "--quiet", "--bootnum", number, "--delete-bootnum"], timeout=30)
        argv = ["efibootmgr", "--quiet", "--create", "--disk", str(disk)]
        argv += ["--part", str(esp_number), "--label", LABEL, "--loader", LOADER]
        run(argv, timeout=30)
    except NodeError as error:
        return _("The firmware took no boot entry ({reason}); it will use its default path").format(
            reason=error.message
        )
    return ""


def stale_entries(listed: str, esp_uuid: str, partitions: Path) -> list[str]:
    """Return the numbers of our entries that this one replaces or whose partition is gone."""
    found = []
    for line in listed.splitlines():
        entry = _ENTRY.match(line)
        if entry is None or entry["label"] != LABEL:
            continue
        uuid = entry["uuid"].lower()
        if uuid == esp_uuid.lower() or not (partitions / uuid).exists():
            found.append(entry["number"])
    return found
