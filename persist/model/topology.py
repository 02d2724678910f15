"""How the links of a network lie on each other: no loops, no port in two places, one way out."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from persist.errors import ConfigError
from persist.model.checks import is_mac
from persist.translation import _


class LinkShape(Protocol):
    """What of a link matters here."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def match(self) -> str: ...
    @property
    def ports(self) -> tuple[str, ...]: ...
    @property
    def parent(self) -> str: ...
    @property
    def vlan(self) -> int | None: ...
    @property
    def ipv4(self) -> "AddressShape": ...
    @property
    def ipv6(self) -> "AddressShape": ...


class AddressShape(Protocol):
    """What of an address matters here."""

    @property
    def method(self) -> str: ...
    @property
    def gateway(self) -> str: ...


def check_topology(links: Sequence[LinkShape]) -> None:
    """Refuse links that cannot be built together; paths start at ``links``."""
    by_name = _index_names(links)
    for index, link in enumerate(links):
        _check_below(index, link, by_name)
    _check_loops(links, by_name)
    _check_ports(links, by_name)
    _check_vlans(links)
    _check_gateways(links)


def _index_names(links: Sequence[LinkShape]) -> dict[str, LinkShape]:
    by_name: dict[str, LinkShape] = {}
    cards: dict[str, str] = {}
    for index, link in enumerate(links):
        if link.name in by_name:
            raise _wrong(
                f"{index}.name", link.name, _("names two links"), _("Give each link its own name.")
            )
        by_name[link.name] = link
        card = (link.match or link.name).lower() if link.kind == "ethernet" else ""
        if card and card in cards:
            why = _("is matched by {other} already").format(other=cards[card])
            raise _wrong(
                f"{index}.match", link.match or link.name, why, _("Describe each card once.")
            )
        cards[card] = link.name
    return by_name


def _below(link: LinkShape) -> Iterator[tuple[str, str]]:
    """Yield (field path, name) of what the link lies on."""
    for index, port in enumerate(link.ports):
        yield f"ports.{index}", port
    if link.parent:
        yield "parent", link.parent


def _check_below(index: int, link: LinkShape, by_name: dict[str, LinkShape]) -> None:
    """A name that is no link of ours is a card; a MAC address always is."""
    for field, name in _below(link):
        if name == link.name:
            why = _("a {kind} cannot contain itself").format(kind=link.kind)
            raise _wrong(f"{index}.{field}", name, why, _("Name another link or a card."))
        other = by_name.get(name)
        if other is None:
            if field == "parent" and not is_mac(name):
                raise _wrong(
                    f"{index}.{field}",
                    name,
                    _("no link has this name"),
                    _(
                        "Add a link called {name} to network.links, or give the MAC of a card."
                    ).format(name=name),
                )
            continue
        if link.kind == "bond" and other.kind != "ethernet":
            why = _("a bond is made of cards, not of a {kind}").format(kind=other.kind)
            raise _wrong(
                f"{index}.{field}", name, why, _("Use ethernet links, card names or MAC addresses.")
            )


def _check_loops(links: Sequence[LinkShape], by_name: dict[str, LinkShape]) -> None:
    for index, start in enumerate(links):
        seen = {start.name}
        waiting = [name for _field, name in _below(start)]
        while waiting:
            name = waiting.pop()
            if name == start.name:
                why = _("lies on itself through other links")
                raise _wrong(
                    f"{index}.name", start.name, why, _("Break the circle of ports and parents.")
                )
            if name in by_name and name not in seen:
                seen.add(name)
                waiting += [below for _field, below in _below(by_name[name])]


def _check_ports(links: Sequence[LinkShape], by_name: dict[str, LinkShape]) -> None:
    owners: dict[str, str] = {}
    cards = {link.match.lower(): link.name for link in links if link.match}
    for index, link in enumerate(links):
        for number, port in enumerate(link.ports):
            path = f"{index}.ports.{number}"
            if port not in by_name and port.lower() in cards:
                name = cards[port.lower()]
                why = _("is the card of the link {link}").format(link=name)
                raise _wrong(path, port, why, _("Name the link instead: {link}.").format(link=name))
            key = _card_of(port, by_name)
            if key in owners:
                why = _("is a port of {owner} already").format(owner=owners[key])
                raise _wrong(path, port, why, _("A card can be a port of one link only."))
            owners[key] = link.name
            below = by_name.get(port)
            if below is not None and (below.ipv4.method != "off" or below.ipv6.method != "off"):
                why = _("is a port and has addresses of its own")
                raise _wrong(
                    path, port, why, _("Give the addresses to {link}.").format(link=link.name)
                )


def _card_of(port: str, by_name: dict[str, LinkShape]) -> str:
    link = by_name.get(port)
    return ((link.match or link.name) if link is not None else port).lower()


def _check_vlans(links: Sequence[LinkShape]) -> None:
    seen: dict[tuple[str, int], str] = {}
    for index, link in enumerate(links):
        if link.vlan is None:
            continue
        key = (link.parent.lower(), link.vlan)
        if key in seen:
            why = _("{other} has this VLAN on {parent} already").format(
                other=seen[key], parent=link.parent
            )
            raise _wrong(
                f"{index}.vlan", str(link.vlan), why, _("Use each VLAN id once on a link.")
            )
        seen[key] = link.name


def _check_gateways(links: Sequence[LinkShape]) -> None:
    for family in ("ipv4", "ipv6"):
        first = ""
        for index, link in enumerate(links):
            gateway = getattr(link, family).gateway
            if gateway and first:
                why = _("{other} has a default gateway already").format(other=first)
                hint = _("Keep one gateway for {family}: that of the management link.").format(
                    family=family
                )
                raise _wrong(f"{index}.{family}.gateway", gateway, why, hint)
            first = first or (link.name if gateway else "")


def _wrong(path: str, value: str, why: str, hint: str) -> ConfigError:
    return ConfigError(f"links.{path}", f"{value!r}: {why}", hint)
