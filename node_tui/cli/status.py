"""nodectl status, facts, slots: what is."""

from argparse import Namespace

from node_tui.cli.terminal import say, say_json
from node_tui.client import Client
from persist.translation import _
from plugins.api.facts import Check, Facts, Health, Link, Slot, Slots, Usage

GIB = 2**30


def run(client: Client, arguments: Namespace) -> int:
    """Print what the verb asks for."""
    if arguments.verb == "slots":
        return show_slots(client, as_json=arguments.json)
    if arguments.verb == "facts":
        # Facts are data: for people, too, they are best read as such.
        say_json(client.facts())
        return 0
    return show_status(client, as_json=arguments.json)


def show_status(client: Client, *, as_json: bool) -> int:
    """Print the page an admin wants first."""
    facts, health = client.facts(), client.health()
    if as_json:
        say_json({"facts": facts, "health": health})
        return 0
    for line in describe_status(facts, health):
        say(line)
    return 0


def show_slots(client: Client, *, as_json: bool) -> int:
    """Print the boot state."""
    slots = client.slots()
    if as_json:
        say_json(slots)
        return 0
    for line in describe_slots(slots) or [_("This node runs from a medium: it has no slots.")]:
        say(line)
    return 0


def describe_status(facts: Facts, health: Health) -> list[str]:
    """Return the status in lines."""
    state = _("healthy") if health.healthy else _("NOT HEALTHY")
    lines = [
        f"{facts.product} {facts.version}  {facts.hostname}  {facts.boot_mode}  {state}",
        _row(_("System"), _system(facts)),
        _row(_("Memory"), _gib(facts.memory)),
    ]
    if facts.data:
        lines.append(_row(_("Data"), _gib(facts.data)))
    lines += [_row(_("Link"), _link(link)) for link in facts.links]
    lines.append(_row(_("SSH"), _("open") if facts.ssh_open else _("closed")))
    lines += [_row(_("Host key"), f"{key.kind} {key.fingerprint}") for key in facts.host_keys]
    if facts.guests:
        running = _("{running} running, {stopped} stopped").format(
            running=facts.guests.running, stopped=facts.guests.stopped
        )
        lines.append(_row(_("Guests"), running))
    lines += [_row(_("Slot"), line) for line in describe_slots(facts.slots)]
    lines += [_row(_("Check"), describe_check(check)) for check in health.checks]
    lines += [_row(_("Unknown"), f"{gap.source}: {gap.reason}") for gap in facts.unavailable]
    return lines


def describe_slots(slots: Slots) -> list[str]:
    """Return a line a slot, and one for what is wrong with the state."""
    lines = [_slot(slot) for slot in slots.slots]
    return [*lines, slots.problem] if slots.problem else lines


def describe_check(check: Check) -> str:
    """Return a check in one line."""
    mark = _("ok") if check.passed else _("FAILED") if check.required else _("warning")
    return "  ".join(part for part in (f"{check.name} {mark}", check.message, check.hint) if part)


def _row(title: str, text: str) -> str:
    return f"{title:10} {text}"


def _system(facts: Facts) -> str:
    parts = [facts.firmware.upper()]
    if facts.secure_boot:
        parts.append(_("Secure Boot"))
    if facts.signed_by:
        parts.append(facts.signed_by)
    if facts.cpu:
        parts.append(_("{cpus} CPUs, {used} % used").format(cpus=facts.cpus, used=facts.cpu.used))
    parts.append(
        _("up {hours} h {minutes} min").format(
            hours=facts.uptime // 3600, minutes=facts.uptime % 3600 // 60
        )
    )
    return ", ".join(parts)


def _gib(usage: Usage | None) -> str:
    if usage is None:
        return _("unknown")
    return f"{usage.used / GIB:.1f} / {usage.total / GIB:.1f} GiB"


def _link(link: Link) -> str:
    carrier = _("up") if link.carrier else _("no carrier")
    speed = f"{link.speed} Mbit/s" if link.speed else ""
    return "  ".join(
        part for part in (link.name, link.kind, carrier, speed, *link.addresses) if part
    )


def _slot(slot: Slot) -> str:
    words = [slot.name, slot.version, slot.mark]
    if slot.booted:
        words.append(_("booted"))
    if slot.active:
        words.append(_("active"))
    return " ".join(word for word in words if word)
