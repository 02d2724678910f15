"""The disks as an installation uses them: looked at anew, released, flushed."""

import os
from pathlib import Path

from node_tui.system.block import flush, settle
from node_tui.system.command import run
from node_tui.system.disks import Block, examine_disks, list_disks
from persist.errors import StepError
from persist.translation import _
from plugins.api.facts import Disk

SYSFS = Path("/sys/class/block")
HELD_BY_MAPPER = ("lvm", "crypt", "dm", "part")


class TargetDisks:
    """The disks of ``node_tui.plan.machine``."""

    def examine(self, path: str) -> Disk:
        """Return what ``path`` is now."""
        for disk in examine_disks(path):
            return disk
        raise StepError(
            _("{path} is gone").format(path=path),
            _("Nothing was written. Check that the disk is still attached, then start again."),
        )

    def release(self, path: str) -> None:
        """Stop what lies on the disk and wipe its signatures, so that nothing starts it again.

        What must survive a power loss here: a disk of ours is still known as ours afterwards, by
        the entries of its table, and foreign data was consented to by name.
        """
        rows = [row for row in list_disks() if row.path == path]
        for row in rows:
            for holder in reversed(list(row.tree())[1:]):
                _stop(holder)
        for row in rows:
            members = [part.path for part in row.tree() if (part.fstype or "").endswith("_member")]
            for device in (*members, path):
                run(["wipefs", "--all", "--quiet", "--", device], timeout=60)
        settle()

    def flush(self, path: str) -> None:
        """Return when everything written anywhere is on its disk."""
        os.sync()
        flush(Path(path))


def _stop(row: Block) -> None:
    """Stop one thing that lies on partitions or disks; partitions themselves need no stopping."""
    if row.type == "part" and not row.kname.startswith("dm-"):
        return
    if row.type in HELD_BY_MAPPER:
        run(["dmsetup", "remove", "--retry", "--", row.name], timeout=60)
    elif row.type.startswith("raid") or row.kname.startswith("md"):
        (SYSFS / row.kname / "md/array_state").write_text("clear")
    elif row.type != "mpath":
        raise StepError(
            _("{name} ({kind}) uses the disk and cannot be stopped by the installer").format(
                name=row.name, kind=row.type
            ),
            _("Stop it by hand, or detach it, then install again."),
        )
