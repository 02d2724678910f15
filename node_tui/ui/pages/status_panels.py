"""The panels of the status page, made of facts. Pure; nothing here is secret."""

from node_tui.ui import words
from node_tui.ui.feed import Snapshot
from node_tui.ui.frame import Panel
from node_tui.ui.lines import Line, Span, bar, chop, cut, cut_middle, line, pad, take, wrap
from persist.translation import _
from plugins.api.facts import Facts, Link, Slot, Unavailable, Usage

_LABEL = 10
_METER_LABEL = 6
_METER = 14
_SSH_ROWS = 3
# The ports of guests come and go by the hundred; what matters here are the links of the node.
_LINK_KINDS_HIDDEN = frozenset({"loopback", "tap"})


def reach_panel(facts: Facts | None, width: int, *, console: str) -> Panel:
    """Say how this node is reached: console, SSH, and the key to compare at the first login."""
    rows = _labelled(_("Console"), [console])
    if facts is not None:
        rows += _labelled(_("SSH"), _ssh_rows(facts, width - _LABEL))
        key = next((key for key in facts.host_keys if key.kind == "ed25519"), None)
        key = key or (facts.host_keys[0] if facts.host_keys else None)
        if key is not None:
            rows += _labelled(_("SSH key"), chop(key.fingerprint, width - _LABEL))
    return Panel(_("Reach this node"), tuple(rows))


def _labelled(label: str, values: list[str]) -> list[Line]:
    labels = [label, *[""] * (len(values) - 1)]
    return [line(pad(name, _LABEL), value) for name, value in zip(labels, values, strict=True)]


def _ssh_rows(facts: Facts, width: int) -> list[str]:
    if not facts.ssh_open:
        return wrap(_("closed until a password or key is set"), width, rows=2)
    addresses = reachable_addresses(facts)
    if not addresses:
        return [cut(_("open, but this node has no address"), width)]
    rows: list[str] = []
    for address in addresses[:2]:
        told = chop(f"admin@{address}", width)
        # Half an address helps nobody: the second one is shown whole or not at all.
        rows += told if not rows or len(rows) + len(told) <= _SSH_ROWS else []
    return rows


def reachable_addresses(facts: Facts) -> list[str]:
    """Return the addresses to name: with a gateway first, IPv4 before IPv6, no link-local."""
    links = sorted(shown_links(facts), key=lambda link: not link.gateways)
    plain = [address.partition("/")[0] for link in links for address in link.addresses]
    routable = [address for address in plain if not address.lower().startswith("fe80:")]
    return sorted(routable, key=lambda address: ":" in address)


def shown_links(facts: Facts) -> list[Link]:
    """Return the links that matter to a person: used ones first, the loopback never."""
    links = [
        link for link in facts.links if link.kind not in _LINK_KINDS_HIDDEN and link.name != "lo"
    ]
    return sorted(links, key=lambda link: (not link.addresses, not link.carrier))


def system_panel(facts: Facts | None) -> Panel:
    """Show load and slots."""
    if facts is None:
        return Panel(_("System"), (line(_("not known now")),))
    rows = [_meter(_("CPU"), facts.cpu, _("{count} CPUs").format(count=facts.cpus))]
    memory = facts.memory
    rows.append(_meter(_("RAM"), memory, words.binary_size(memory.total) if memory else ""))
    data = facts.data
    rows.append(_meter(_("Data"), data, words.decimal_size(data.total) if data else ""))
    told = slot_words(facts)
    labels = [_("Slot"), *[""] * (len(told) - 1)]
    rows += [line(pad(label, _METER_LABEL), slot) for label, slot in zip(labels, told, strict=True)]
    rows.append(line(pad(_("Up"), _METER_LABEL), words.duration(facts.uptime)))
    return Panel(_("System"), tuple(rows))


def _meter(label: str, usage: Usage | None, total: str) -> Line:
    if usage is None or usage.total <= 0:
        return line(pad(label, _METER_LABEL), _("none"))
    fraction = usage.used / usage.total
    drawn = Span(bar(fraction, _METER), "warn" if fraction > 0.9 else "plain")
    return line(pad(label, _METER_LABEL), drawn, f" {round(fraction * 100):3d} % ", total)


def slot_words(facts: Facts) -> list[str]:
    """Return one row a slot, the booted one first: ``A booted, good: 1.4.0``."""
    if facts.boot_mode == "live":
        return [_("none: live from its medium")]
    if facts.boot_mode == "stateless":
        return [_("none: stateless, disks untouched")]
    slots = sorted(facts.slots.slots, key=lambda slot: not slot.booted)
    return [_slot_state(slot) for slot in slots] or [_("not known")]


def _slot_state(slot: Slot) -> str:
    mark = words.mark_word(slot.mark)
    if slot.mark == "empty" and not slot.booted:
        return f"{slot.name} {mark}"
    place = _("booted") if slot.booted else _("backup")
    return f"{slot.name} {place}, {mark}: {slot.version or '?'}"


def boot_panel(facts: Facts | None) -> Panel:
    """Show how the node was booted and who signed what runs."""
    if facts is None:
        return Panel(_("Boot"), (line(_("not known now")),))
    modes = {"live": _("live"), "installed": _("installed"), "stateless": _("stateless")}
    parts = [modes[facts.boot_mode], {"bios": "BIOS", "uefi": "UEFI"}[facts.firmware]]
    if facts.firmware == "uefi":
        parts.append(_("Secure Boot on") if facts.secure_boot else _("Secure Boot OFF"))
    signed = _("signed by {signer}") if facts.signed_by else _("signer not known")
    return Panel(
        _("Boot"),
        (line(", ".join(parts)), line(signed.format(signer=facts.signed_by.partition(":")[0]))),
    )


def guests_panel(facts: Facts | None) -> Panel:
    """Count the guests, or say why nobody can."""
    return Panel(_("Guests"), (line(_guest_words(facts)),))


def _guest_words(facts: Facts | None) -> str:
    if facts is None:
        return _("not known now")
    if facts.guests is not None:
        guests = facts.guests
        if not guests.running and not guests.stopped:
            return _("none defined")
        return _("{running} running, {stopped} stopped").format(
            running=guests.running, stopped=guests.stopped
        )
    gaps = [gap for gap in facts.unavailable if gap.source in {"guests", "libvirt"}]
    if gaps and gaps[0].pending:
        return _("not known yet")
    if gaps:
        return _("not available: {reason}").format(reason=gaps[0].reason)
    return _("no hypervisor in this image")


def links_panel(facts: Facts | None, width: int, rows: int) -> Panel:
    """Show the links in ``rows`` rows; what does not fit is counted, DOWN links by themselves."""
    title = _("Links")
    if facts is None:
        return Panel(title, tuple(take([line(_("not known now"))], rows, "")))
    links = shown_links(facts)
    if not links:
        return Panel(title, tuple(take([line(_("no network link found"))], rows, "")))
    name_width = min(max(6, *(len(link.name) for link in links)), 10)
    drawn = [link_line(link, name_width, width) for link in links]
    if len(drawn) > rows:
        hidden = links[rows - 1 :]
        down = sum(not link.carrier for link in hidden)
        more = _("{count} more links, {down} of them DOWN").format(count=len(hidden), down=down)
        drawn = [*drawn[: rows - 1], line(more)]
    return Panel(title, tuple(take(drawn, rows, "")))


def link_line(link: Link, name_width: int, width: int) -> Line:
    """Return ``eno1   up    10G  192.0.2.10/24``."""
    state = Span(pad(_("up"), 5), "good") if link.carrier else Span(pad(_("DOWN"), 5), "bad")
    speed = pad(words.link_speed(link.speed if link.carrier else None), 5)
    left = width - name_width - 1 - 5 - 5
    return line(pad(link.name, name_width), " ", state, speed, _address_words(link, left))


def _address_words(link: Link, width: int) -> str:
    if not link.carrier and not link.addresses:
        return _("no cable")
    if not link.addresses:
        return _("no address")
    ordered = sorted(
        link.addresses, key=lambda address: (":" in address, address.startswith("fe80"))
    )
    more = f" +{len(ordered) - 1}" if len(ordered) > 1 else ""
    return cut_middle(ordered[0], width - len(more)) + more


def attention_items(snapshot: Snapshot, *, notes: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return what an admin should know: (``!`` or ``i``, sentence), the worst first."""
    items = [("i", note) for note in notes]
    if snapshot.facts is None and not snapshot.problem:
        items.append(("i", _("Waiting for the first answer of the engine")))
    if snapshot.problem:
        items.append(("!", _with_hint(snapshot.problem, snapshot.hint)))
        items.append(("i", _("This page goes on by itself as soon as the engine answers")))
    if snapshot.health is not None and not snapshot.problem:
        for check in snapshot.health.checks:
            if not check.passed:
                told = _('Check "{name}" failed: {message}').format(
                    name=check.name, message=check.message
                )
                items.append(("!", _with_hint(told, check.hint)))
    if snapshot.facts is not None and not snapshot.problem:
        items += _facts_items(snapshot.facts)
    return sorted(items, key=lambda item: item[0] != "!")


def _facts_items(facts: Facts) -> list[tuple[str, str]]:
    items = [_gap_item(gap) for gap in facts.unavailable]
    items += _slot_items(facts)
    if "development" in facts.signed_by.lower():
        items.append(("!", _("Signed with a development key: not for production")))
    if facts.boot_mode == "live":
        items.append(("i", _("Live system: nothing is kept over a reboot until it is installed")))
    if facts.boot_mode == "stateless":
        items.append(("i", _("Stateless: nothing is kept over a reboot")))
    if not facts.virtualisation and facts.guests is not None:
        told = _("No hardware virtualisation: guests will be slow; enable it in the firmware setup")
        items.append(("i", told))
    return items


def _gap_item(gap: Unavailable) -> tuple[str, str]:
    if gap.pending:
        return "i", _("{source} is not known yet").format(source=gap.source)
    told = _("{source} is not available: {reason}")
    return "!", told.format(source=gap.source, reason=gap.reason)


def _slot_items(facts: Facts) -> list[tuple[str, str]]:
    slots = facts.slots
    items = [("!", slots.problem)] if slots.problem else []
    for slot in slots.slots:
        named = {"slot": slot.name, "version": slot.version}
        if slot.mark == "bad":
            items.append(("!", _("Slot {slot} {version} is marked bad").format(**named)))
        if slot.booted and slot.mark.startswith("try"):
            told = _("Slot {slot} {version} is on trial: it stays only when it becomes healthy")
            items.append(("i", told.format(**named)))
    if slots.booted and slots.active and slots.booted != slots.active:
        told = _("Slot {booted} runs, the next boot takes slot {active}")
        items.append(("i", told.format(booted=slots.booted, active=slots.active)))
    return items


def _with_hint(message: str, hint: str) -> str:
    return f"{message.rstrip('.')}. {hint}" if hint else message


def attention_lines(items: list[tuple[str, str]], width: int) -> list[Line]:
    """Return the items wrapped under their marks."""
    if not items:
        return [line(_("Nothing needs attention"))]
    drawn: list[Line] = []
    for mark, text in items:
        first, *rest = wrap(text, width - 2, rows=3)
        drawn.append(line(Span(mark, "bad" if mark == "!" else "key"), " ", first))
        drawn += [line("  ", row) for row in rest]
    return drawn
