"""Which disk a selector means, and why a disk must not be taken. Pure."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from node_tui.plan.layout import words
from persist.errors import PlanError
from persist.model.selectors import DiskSelector, Term, parse_selector
from persist.translation import _
from plugins.api.facts import Disk

Minimum = Callable[[Disk], int]
# A disk sold as 480 GB has 480.1 of them: "size=480G" means that disk.
EQUAL_WITHIN = 0.01


class Refusal(Exception):  # noqa: N818 - a reason told to people, raised only inside this module
    """Why a disk is not taken: ``reason`` and what to do about it."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def choose_disk(
    selectors: Sequence[str], consent: Sequence[str], disks: Sequence[Disk], minimum: Minimum
) -> Disk:
    """Return the disk to install on.

    ``selectors`` in order of preference: the first that matches exactly one disk wins.
    ``consent`` names disks whose foreign data may be erased. ``minimum`` gives the bytes that a
    node needs on a disk. Raises PlanError when no disk, several, or one that must not be taken is
    what was asked for.
    """
    if not selectors:
        raise PlanError(
            _("No disk was chosen to install on"),
            _("Name one: storage_init=/dev/disk/by-id/... or node.install.disk=serial:..."),
        )
    allowed = _consented(consent, disks)
    for index, text in enumerate(selectors):
        selector = parse_selector(f"install.disk.{index}", text)
        if selector.only:
            return _only_eligible(disks, allowed, minimum)
        found = _without_boot_medium([disk for disk in disks if matches(selector, disk)])
        if len(found) > 1:
            raise _several(text, found)
        if found:
            return _checked(found[0], disks, allowed, minimum)
    raise PlanError(
        _("No disk matches {selectors}").format(selectors=_list(selectors)),
        _("Disks of this machine:\n{disks}").format(disks=_rows(disks)),
    )


def matches(selector: DiskSelector, disk: Disk) -> bool:
    """Tell whether ``selector`` (any but "only") means ``disk``; all its terms must hold."""
    if selector.path:
        return selector.path in (disk.path, *disk.paths, *disk.by_id)
    return all(_holds(term, disk) for term in selector.terms)


def refuse(disk: Disk, minimum: int, *, consented: bool) -> None:
    """Raise Refusal when ``disk`` must not be installed on."""
    name = name_disk(disk)
    if disk.owner == "boot-medium":
        raise Refusal(
            _("{disk} is the medium that this system runs from").format(disk=name),
            _("Choose another disk."),
        )
    if disk.owner == "mounted":
        raise Refusal(
            _("{disk} is in use: mounted at {places}").format(
                disk=name, places=", ".join(disk.mountpoints)
            ),
            _("Unmount it first, or choose another disk."),
        )
    if disk.problem:
        raise Refusal(
            _("{disk} cannot be read: {reason}").format(disk=name, reason=disk.problem),
            _("Look at its cable and its health, or choose another disk."),
        )
    if disk.read_only:
        raise Refusal(
            _("{disk} is read-only").format(disk=name),
            _("Look for a write-protect switch, or choose another disk."),
        )
    if disk.size < minimum:
        raise Refusal(
            _("{disk} is too small: it holds {size}, this node needs {need}").format(
                disk=name, size=words(disk.size), need=words(minimum)
            ),
            _("Choose a larger disk, or ask for less with node.install.logging_size."),
        )
    _refuse_contents(disk, name, consented=consented)


def _refuse_contents(disk: Disk, name: str, *, consented: bool) -> None:
    contents = "; ".join(disk.contents) or _("unknown data")
    if disk.owner == "foreign" and not consented:
        raise Refusal(
            _("{disk} holds data: {contents}").format(disk=name, contents=contents),
            _("To erase all of it, name this disk: node.install.consent={selector}").format(
                selector=stable_selector(disk)
            ),
        )
    if disk.owner == "node" and (disk.node_generation or 0) > 0:
        # Consent was given for what lay there before the node: a machine that boots from the
        # network again with the same arguments must not lose its guests.
        raise Refusal(
            _("{disk} holds an installed node (its config is at generation {number})").format(
                disk=name, number=disk.node_generation
            ),
            _("Boot it from that disk. Consent for foreign data does not cover a node."),
        )
    if disk.owner == "node" and disk.node_generation != 0 and not consented:
        raise Refusal(
            _("{disk} holds a node whose config cannot be read").format(disk=name),
            _("To erase all of it, name this disk: node.install.consent={selector}").format(
                selector=stable_selector(disk)
            ),
        )


def _refuse_torn_groups(disk: Disk, disks: Sequence[Disk], allowed: frozenset[str]) -> None:
    """Raise Refusal when erasing ``disk`` would take what a disk without consent holds as well."""
    for other in disks:
        shared = [group for group in disk.groups if group in other.groups]
        if other.path == disk.path or not shared or other.path in allowed:
            continue
        raise Refusal(
            _("{disk} holds a part of {groups}; another part lies on {other}").format(
                disk=name_disk(disk), groups=", ".join(shared), other=name_disk(other)
            ),
            _(
                "Without this disk the other part is lost too. If it may be, name both:"
                " node.install.consent.0={selector} node.install.consent.1={other}"
            ).format(selector=stable_selector(disk), other=stable_selector(other)),
        )


def name_disk(disk: Disk) -> str:
    """Return a disk in words, with what tells it from its twin."""
    known = [disk.model, _("serial {serial}").format(serial=disk.serial) if disk.serial else ""]
    return f"{disk.path} ({', '.join([*filter(None, known), words(disk.size)])})"


def stable_selector(disk: Disk) -> str:
    """Return the selector that will still mean this disk after the next boot."""
    if disk.serial and "," not in disk.serial:
        return f"serial:{disk.serial}"
    if disk.wwn:
        return f"wwn:{disk.wwn}"
    stable = [link for link in disk.by_id if link.startswith("/dev/disk/by-")]
    return stable[0] if stable else disk.path


def _holds(term: Term, disk: Disk) -> bool:
    if term.key == "size":
        return _size_holds(term, disk.size)
    if term.key == "wwn":
        return _plain_wwn(term.value) == _plain_wwn(disk.wwn)
    if term.key == "model":
        return fnmatchcase(disk.model.lower(), term.value.lower())
    actual = disk.serial if term.key == "serial" else disk.bus
    return bool(actual) and actual.lower() == term.value.lower()


def _size_holds(term: Term, size: int) -> bool:
    if term.comparison == ">=":
        return size >= term.size
    if term.comparison == "<=":
        return size <= term.size
    return abs(size - term.size) <= term.size * EQUAL_WITHIN


def _plain_wwn(text: str) -> str:
    plain = text.strip().lower()
    for prefix in ("nvme.", "naa.", "eui.", "t10.", "0x"):
        plain = plain.removeprefix(prefix)
    return plain or "none"


def _consented(consent: Sequence[str], disks: Sequence[Disk]) -> frozenset[str]:
    """Return the paths of the disks that consent names; one that names several names none."""
    allowed: set[str] = set()
    for index, text in enumerate(consent):
        selector = parse_selector(f"install.consent.{index}", text)
        found = [disk for disk in disks if matches(selector, disk)]
        if len(found) > 1:
            raise PlanError(
                _("Consent {text!r} matches {count} disks; it must name one").format(
                    text=text, count=len(found)
                ),
                _rows(found),
            )
        allowed.update(disk.path for disk in found)
    return frozenset(allowed)


def _checked(disk: Disk, disks: Sequence[Disk], allowed: frozenset[str], minimum: Minimum) -> Disk:
    try:
        refuse(disk, minimum(disk), consented=disk.path in allowed)
        _refuse_torn_groups(disk, disks, allowed)
    except Refusal as refusal:
        raise PlanError(refusal.reason, refusal.hint) from None
    return disk


def _only_eligible(disks: Sequence[Disk], allowed: frozenset[str], minimum: Minimum) -> Disk:
    eligible, reasons = [], []
    for disk in disks:
        try:
            eligible.append(_checked(disk, disks, allowed, minimum))
        except PlanError as error:
            reasons.append(f"{error.message}. {error.hint}")
    if len(eligible) > 1:
        raise _several("only", eligible)
    if not eligible:
        raise PlanError(
            _("No disk of this machine can be installed on"),
            "\n".join(reasons) or _("There is no disk at all: is its driver or cable missing?"),
        )
    return eligible[0]


def _without_boot_medium(found: list[Disk]) -> list[Disk]:
    """Leave the boot medium out where something else matches too: it was hardly meant."""
    others = [disk for disk in found if disk.owner != "boot-medium"]
    return others or found


def _several(text: str, found: Sequence[Disk]) -> PlanError:
    told = _("{asked!r} matches {count} disks; it must match one")
    if text == "only":
        told = _("No disk was named, and {count} disks could be meant")
    return PlanError(
        told.format(asked=text, count=len(found)),
        _("Name one of them:\n{disks}").format(disks=_rows(found)),
    )


def _rows(disks: Sequence[Disk]) -> str:
    if not disks:
        return "  " + _("none")
    return "\n".join(f"  {stable_selector(disk)}  {name_disk(disk)}" for disk in disks)


def _list(selectors: Sequence[str]) -> str:
    return ", ".join(repr(text) for text in selectors)
