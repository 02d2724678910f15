"""BOOTIF, ip, netmask, gateway, ipv6, vlan, bond, network_layout: together they make the links."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from kickstart.arguments.values import read_list, read_number, read_text
from persist.errors import ConfigError
from persist.model.checks import is_mac
from persist.model.network import BOND_MODES
from persist.translation import _

NAMES = ("BOOTIF", "bond", "vlan", "ip", "netmask", "gateway", "ipv6", "network_layout")

Given = Mapping[str, str | None]
Table = dict[str, Any]

_DASHED_MAC = re.compile(r"(?:[0-9a-f]{2}-)?([0-9a-f]{2}(?:-[0-9a-f]{2}){5})", re.IGNORECASE)
_UNNAMED = "uplink"
# The driver's own numbers, which old command lines often have.
_NUMBERED_MODES = {str(number): mode for number, mode in enumerate(BOND_MODES)}


def read_links(given: Given) -> list[Table]:
    """Return the tables of ``network.links``, bottom first; ``given`` maps argument to value."""
    links = _read_base(given)
    if "vlan" in given:
        links.append(_read_vlan(given, links[-1]["name"]))
    if _is_bridged(given):
        below = links[-1]["name"]
        links.append({"name": _fit(f"br{below}", "br0"), "kind": "bridge", "ports": [below]})
    top = links[-1]
    top["ipv4"] = _read_ipv4(given)
    top["ipv6"] = _read_ipv6(given)
    top["roles"] = ["management"]
    return links


def _read_base(given: Given) -> list[Table]:
    """The card or bond that carries everything."""
    bootif = read_text("BOOTIF", given["BOOTIF"]) if "BOOTIF" in given else ""
    if "bond" in given:
        return [_read_bond(given, bootif)]
    if bootif.startswith("bond"):
        raise ConfigError(
            "BOOTIF",
            _("{value!r} is a bond, and no bond= describes it").format(value=bootif),
            _("Add bond={value}:eno1,eno2, or name a card.").format(value=bootif),
        )
    nic = _vlan_parts(given)[1] if "vlan" in given else ""
    if nic and _is_unsure(bootif):
        bootif = nic
    elif nic and nic != bootif:
        raise _conflict("vlan", nic, "BOOTIF", bootif)
    return [_read_card(bootif or "link")]


def _read_card(text: str) -> Table:
    """``link``, an interface name, or a MAC address (dashes, with or without PXE's leading 01-)."""
    if text == "link":
        return {"name": _UNNAMED, "match": "link"}
    mac = _read_mac(text)
    return {"name": _UNNAMED, "match": mac} if mac else {"name": text}


def _read_mac(text: str) -> str:
    dashed = _DASHED_MAC.fullmatch(text)
    if dashed:
        return dashed[1].replace("-", ":").lower()
    return text.lower() if is_mac(text) else ""


def _is_unsure(bootif: str) -> bool:
    """Whether BOOTIF only says where the machine booted from (PXE loaders add it by themselves)."""
    return bootif in ("", "link") or bool(_read_mac(bootif))


def _read_bond(given: Given, bootif: str) -> Table:
    text = read_text("bond", given["bond"])
    name, _colon, rest = text.partition(":")
    ports, _colon, options = rest.partition(":")
    if not name or not ports:
        raise ConfigError(
            "bond",
            _("{value!r} does not describe a bond").format(value=text),
            _("Write bond=bond0:eno1,eno2 or bond=bond0:eno1,eno2:mode=802.3ad,miimon=100."),
        )
    if not _is_unsure(bootif) and bootif != name:
        raise _conflict("bond", name, "BOOTIF", bootif)
    table: Table = {"name": name, "kind": "bond"}
    table["ports"] = [_read_mac(port) or port for port in read_list("bond", ports)]
    pairs = read_list("bond", options) if options else []
    modes = [pair.removeprefix("mode=") for pair in pairs if pair.startswith("mode=")]
    mode = modes[-1] if modes else "active-backup"
    table["mode"] = _NUMBERED_MODES.get(mode, mode)
    rest_options = [pair for pair in pairs if not pair.startswith("mode=")]
    monitored = any(pair.startswith(("miimon=", "arp_interval=")) for pair in rest_options)
    table["options"] = rest_options if monitored else [*rest_options, "miimon=100"]
    return table


def _vlan_parts(given: Given) -> tuple[int, str]:
    identity, _colon, nic = read_text("vlan", given["vlan"]).partition(":")
    return read_number("vlan", identity), nic


def _read_vlan(given: Given, parent: str) -> Table:
    number, nic = _vlan_parts(given)
    if nic and nic != parent and not _read_mac(nic):
        raise _conflict("vlan", nic, "bond", parent)
    return {
        "name": _fit(f"{parent}.{number}", f"vlan{number}"),
        "kind": "vlan",
        "parent": parent,
        "vlan": number,
    }


def _fit(name: str, otherwise: str) -> str:
    """Return ``name``, or ``otherwise`` when the kernel would refuse a name that long."""
    return name if len(name) <= 15 else otherwise


def _is_bridged(given: Given) -> bool:
    if "network_layout" not in given:
        return False
    value = read_text("network_layout", given["network_layout"])
    if value not in ("bridged", "direct"):
        raise ConfigError(
            "network_layout",
            _("{value!r} is not a layout").format(value=value),
            _("Use bridged or direct."),
        )
    return value == "bridged"


def _read_ipv4(given: Given) -> Table:
    text = given.get("ip") or "dhcp"
    if text in ("dhcp", "off", "none"):
        for name in ("netmask", "gateway"):
            if name in given:
                raise ConfigError(
                    name,
                    _("needs a static address, and ip is {value}").format(value=text),
                    _("Give ip=ADDRESS, or leave {name} out.").format(name=name),
                )
        return {"method": "dhcp" if text == "dhcp" else "off"}
    address, gateway, netmask = _split_ip(text)
    netmask = _agreed(given, "netmask", netmask)
    gateway = _agreed(given, "gateway", gateway)
    table: Table = {"method": "static", "address": _with_prefix(address, netmask)}
    return {**table, "gateway": gateway} if gateway else table


def _split_ip(text: str) -> tuple[str, str, str]:
    """Return address, gateway and netmask of ``client[:server:gateway:netmask]``."""
    fields = text.split(":")
    if len(fields) not in (1, 4) or not fields[0] or re.search(r"[a-z]", fields[0], re.IGNORECASE):
        raise ConfigError(
            "ip",
            _("{value!r} is not an address to configure").format(value=text),
            _("Write ip=dhcp, ip=ADDRESS, or ip=ADDRESS:SERVER:GATEWAY:NETMASK; IPv6 has ipv6=."),
        )
    return (text, "", "") if len(fields) == 1 else (fields[0], fields[2], fields[3])


def _agreed(given: Given, name: str, inside: str) -> str:
    """The value of an argument that completes ``ip``, which may hold it already."""
    outside = read_text(name, given[name]) if name in given else ""
    if inside and outside and inside != outside:
        raise _conflict(name, outside, "ip", inside)
    return outside or inside


def _with_prefix(address: str, netmask: str) -> str:
    if "/" in address and not netmask:
        return address
    if not netmask:
        raise ConfigError(
            "netmask",
            _("is missing for ip={address}").format(address=address),
            _("Add netmask=255.255.255.0, or write the address as {address}/24.").format(
                address=address
            ),
        )
    try:
        prefix = ipaddress.ip_network(f"0.0.0.0/{netmask}").prefixlen
    except ValueError:
        prefix = None
    # ipaddress also reads 0.0.0.255 as a mask, inverted; nobody means /24 by it.
    if prefix is None or (netmask.startswith("0.") and prefix):
        raise ConfigError(
            "netmask",
            _("{value!r} is not a netmask").format(value=netmask),
            _("Write it like 255.255.255.0 or 24."),
        )
    return f"{address.partition('/')[0]}/{prefix}"


def _read_ipv6(given: Given) -> Table:
    text = given.get("ipv6") or "off"
    if text in ("dhcp", "auto", "off"):
        return {"method": text}
    raise ConfigError(
        "ipv6",
        _("{value!r} is not a way to configure IPv6").format(value=text),
        _("Use auto, dhcp or off; static addresses have node.network.links.0.ipv6.address=."),
    )


def _conflict(name: str, value: str, other: str, other_value: str) -> ConfigError:
    return ConfigError(
        name,
        _("{value!r} contradicts {other}={other_value}").format(
            value=value, other=other, other_value=other_value
        ),
        _("Give the value once."),
    )
