"""The disks as an installation uses them: looked at anew, released, flushed."""

import os
import weakref
from collections.abc import Callable, Iterable
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
    """The disks of ``node_tui.plan.machine``.

    The disk that was examined stays open until it is flushed: the kernel gives its name to no other
    disk as long, whatever is unplugged and plugged in meanwhile.
    """

    def __init__(self) -> None:
        self._let_go: Callable[[], object] = lambda: None

    def examine(self, path: str) -> Disk:
        """Return what ``path`` is now."""
        self._hold(path)
        for disk in examine_disks(path):
            return disk
        raise _gone(path)

    def _hold(self, path: str) -> None:
        self._let_go()
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            raise _gone(path) from None
        self._let_go = weakref.finalize(self, os.close, descriptor)

    def release(self, path: str) -> None:
        """Stop what lies on the disk and wipe its signatures, so that nothing starts it again.

        What must survive a power loss here: a disk of ours is still known as ours afterwards, by
        the entries of its table, and foreign data was consented to by name.
        """
        row = next((row for row in list_disks() if row.path == path), None)
        if row is None:
            raise _gone(path)
        for holder in _from_the_top(row.tree()):
            if holder.path != path:
                _stop(holder)
        members = [part.path for part in row.tree() if (part.fstype or "").endswith("_member")]
        for device in dict.fromkeys((*members, path)):
            run(["wipefs", "--all", "--quiet", "--", device], timeout=60)
        settle()

    def flush(self, path: str) -> None:
        """Return when everything written anywhere is on its disk."""
        os.sync()
        flush(Path(path))
        self._let_go()


def _gone(path: str) -> StepError:
    return StepError(
        _("{path} is gone").format(path=path),
        _("Nothing was written. Check that the disk is still attached, then start again."),
    )


def _from_the_top(rows: Iterable[Block]) -> Iterable[Block]:
    """Return each row once, what lies on others before them; a volume may lie on two partitions."""
    found = {row.kname: row for row in reversed(list(rows))}
    return found.values()


def _stop(row: Block) -> None:
    """Stop one thing that lies on partitions or disks; partitions themselves need no stopping."""
    if row.type == "part" and not row.kname.startswith("dm-"):
        return
    if row.type in HELD_BY_MAPPER:
        run(["dmsetup", "remove", "--retry", "--", row.name], timeout=60)
    elif row.type.startswith("raid") or row.kname.startswith("md"):
        _stop_array(row)
    elif row.type != "mpath":
        raise StepError(
            _("{name} ({kind}) uses the disk and cannot be stopped by the installer").format(
                name=row.name, kind=row.type
            ),
            _("Stop it by hand, or detach it, then install again."),
        )


def _stop_array(row: Block) -> None:
    try:
        (SYSFS / row.kname / "md/array_state").write_text("clear")
    except OSError as error:
        raise StepError(
            _("The array {name} cannot be stopped: {reason}").format(
                name=row.name, reason=error.strerror
            ),
            _("Something still uses it. Start this machine again from the medium, then install."),
        ) from error
