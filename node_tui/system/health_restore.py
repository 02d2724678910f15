"""What restoring the config before this boot could not do: told, and no reason to leave a slot."""

from pathlib import Path

import msgspec

from persist.errors import NodeError
from persist.translation import _

REPORT = "run/node/restore.json"


class Mistake(msgspec.Struct, frozen=True):
    """Something an admin has to mend in the arguments or the config."""

    message: str
    hint: str = ""


class RestoreReport(msgspec.Struct, frozen=True):
    """The part of the report that tells what went wrong; ``skipped`` are damaged generations."""

    errors: tuple[Mistake, ...] = ()
    problems: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


class RestoreFaultError(NodeError):
    """Some of what the node was told is not in use."""


def check_restore(root: Path) -> str:
    """Say that the whole config is in use; RestoreFaultError tells the first part that is not."""
    path = root / REPORT
    try:
        report = msgspec.json.decode(path.read_bytes(), type=RestoreReport)
    except (OSError, msgspec.MsgspecError) as error:
        raise RestoreFaultError(
            _("There is no report of the restore: {reason}").format(reason=error),
            _("The config of this boot may not be in use; reboot."),
        ) from error
    faults = [*report.problems, *report.skipped]
    if report.errors:
        first = report.errors[0]
        raise RestoreFaultError(_count(first.message, len(report.errors) + len(faults)), first.hint)
    if faults:
        raise RestoreFaultError(_count(faults[0], len(faults)))
    return _("the whole config is in use")


def _count(message: str, number: int) -> str:
    if number == 1:
        return message
    return _("{message} (and {more} more)").format(message=message, more=number - 1)
