"""NetworkManager profiles of the links of a config, as nm-settings-keyfile(5) has them. Pure."""

import ipaddress
import uuid
from collections.abc import Mapping, Sequence

from persist.model import Ipv4, Ipv6, Link, Network
from persist.model.checks import is_mac

# Any constant: a profile keeps its UUID as long as its link keeps its name.
_NAMESPACE = uuid.UUID("0f4ad3a6-2b3c-4cf1-9c50-6e6f64650000")
_TYPES = {"ethernet": "ethernet", "bond": "bond", "vlan": "vlan", "bridge": "bridge"}

Section = dict[str, str]
Profile = dict[str, Section]


def render_profiles(network: Network) -> dict[str, str]:
    """Return name -> keyfile for each link, and for each card that is a port of one."""
    owners = _owners(network.links)
    profiles: dict[str, str] = {}
    for link in network.links:
        profiles[link.name] = _write(_link_profile(link, network, owners))
    declared = {link.name for link in network.links}
    for owner in network.links:
        for port in owner.ports:
            if port not in declared:
                name = f"{owner.name}-port-{port.replace(':', '').lower()}"
                profiles[name] = _write(_port_profile(name, port, owner))
    return profiles


def profile_uuid(name: str) -> str:
    """Return the UUID of the profile of that name."""
    return str(uuid.uuid5(_NAMESPACE, name))


def _owners(links: Sequence[Link]) -> dict[str, Link]:
    return {port: link for link in links for port in link.ports}


def _link_profile(link: Link, network: Network, owners: Mapping[str, Link]) -> Profile:
    profile: Profile = {"connection": _connection(link.name, _TYPES[link.kind])}
    if link.kind == "ethernet":
        asks = "dhcp" in (link.ipv4.method, link.ipv6.method) or link.ipv6.method == "auto"
        _match_card(profile, link.match or link.name, asks=asks and link.ipv4.method != "static")
    else:
        profile["connection"]["interface-name"] = link.name
    if link.kind == "bond":
        pairs = (option.partition("=") for option in link.options)
        profile["bond"] = {"mode": link.mode or "active-backup", **{n: v for n, _, v in pairs}}
    elif link.kind == "vlan":
        profile["vlan"] = {"id": str(link.vlan), **_parent(profile, link, network)}
    elif link.kind == "bridge":
        # A host bridge has one way out; spanning tree would only hold its ports back for 30 s.
        profile["bridge"] = {"stp": "false"}
    if link.mtu is not None:
        profile.setdefault("ethernet", {})["mtu"] = str(link.mtu)
    if link.name in owners:
        _enslave(profile, owners[link.name])
    else:
        profile["ipv4"] = _ipv4(link, network)
        profile["ipv6"] = _ipv6(link, network)
    return profile


def _port_profile(name: str, card: str, owner: Link) -> Profile:
    profile: Profile = {"connection": _connection(name, "ethernet")}
    _match_card(profile, card)
    if owner.mtu is not None:
        profile.setdefault("ethernet", {})["mtu"] = str(owner.mtu)
    _enslave(profile, owner)
    return profile


def _connection(name: str, kind: str) -> Section:
    # Retries without end: a cable or a switch that comes back after an hour must be enough.
    return {"id": name, "uuid": profile_uuid(name), "type": kind, "autoconnect-retries": "0"}


def _match_card(profile: Profile, card: str, *, asks: bool = False) -> None:
    """Say which card the profile is for; ``asks`` when its addresses come from the network.

    For ``link``, a profile that asks may run on several cards at once: the first card with carrier
    may have no DHCP server, and NetworkManager would try that card for ever. One that has a fixed
    address, or carries a VLAN, runs on one card.
    """
    connection = profile["connection"]
    if card == "link":
        # NetworkManager takes cards with carrier only. The priority leaves cards that have a
        # profile of their own to that profile.
        connection["autoconnect-priority"] = "-100"
        connection["multi-connect"] = "3" if asks else "1"
    elif is_mac(card):
        profile["ethernet"] = {"mac-address": card.upper()}
    else:
        connection["interface-name"] = card


def _parent(profile: Profile, link: Link, network: Network) -> Section:
    if any(other.name == link.parent for other in network.links):
        return {"parent": profile_uuid(link.parent)}
    profile["ethernet"] = {"mac-address": link.parent.upper()}
    return {}


def _enslave(profile: Profile, owner: Link) -> None:
    profile["connection"]["master"] = profile_uuid(owner.name)
    profile["connection"]["slave-type"] = _TYPES[owner.kind]


def _ipv4(link: Link, network: Network) -> Section:
    if link.ipv4.method == "off":
        return {"method": "disabled"}
    section = _addresses(link.ipv4, "auto" if link.ipv4.method == "dhcp" else "manual")
    return {**section, **_names(link, network, 4)}


def _ipv6(link: Link, network: Network) -> Section:
    if link.ipv6.method == "off":
        return {"method": "disabled"}
    section = _addresses(link.ipv6, "manual" if link.ipv6.method == "static" else link.ipv6.method)
    # Addresses made from the MAC stay the same on every boot without anything to remember.
    return {**section, "addr-gen-mode": "eui64", "ip6-privacy": "0", **_names(link, network, 6)}


def _addresses(asked: Ipv4 | Ipv6, method: str) -> Section:
    section = {"method": method}
    if asked.address:
        section["address1"] = asked.address
    if asked.gateway:
        section["gateway"] = asked.gateway
    return section


def _names(link: Link, network: Network, version: int) -> Section:
    """Name servers, and for a link that is not for management: no way to the rest of the world."""
    servers = [dns for dns in network.dns if ipaddress.ip_address(dns).version == version]
    section: Section = {}
    if servers:
        section["dns"] = "".join(f"{server};" for server in servers)
    if network.search:
        section["dns-search"] = "".join(f"{domain};" for domain in network.search)
    gateway = link.ipv4.gateway if version == 4 else link.ipv6.gateway
    if link.roles and "management" not in link.roles and not gateway:
        section["never-default"] = "true"
    return section


def _write(profile: Profile) -> str:
    lines: list[str] = []
    for name, section in profile.items():
        lines += [f"[{name}]", *(f"{key}={value}" for key, value in section.items()), ""]
    return "\n".join(lines)
