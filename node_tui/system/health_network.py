"""Health of the management links: each needs carrier and an address of the kind that is asked."""

import ipaddress
from collections.abc import Sequence
from pathlib import Path

from node_tui.system.network import KernelAddresses, read_links
from persist.errors import NodeError
from persist.model.network import Link as AskedLink
from persist.toml import load_config
from persist.translation import _
from plugins.api.facts import Link

EFFECTIVE_CONFIG = "run/node/config.toml"


class NetworkFaultError(NodeError):
    """A management link does not do what is asked of it."""


def check_network(root: Path) -> str:
    """Say in words that the management links work; NodeError names the first that does not."""
    try:
        text = (root / EFFECTIVE_CONFIG).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NetworkFaultError(
            _("{path} is missing: nobody rendered the config of this boot.").format(
                path=root / EFFECTIVE_CONFIG
            ),
            _("The journal says why restore failed; reboot."),
        ) from error
    asked = load_config(text).network.links
    return check_links(asked, read_links(root, KernelAddresses()))


def check_links(asked: Sequence[AskedLink], found: Sequence[Link]) -> str:
    """Compare what is asked with what is; pure."""
    management = [link for link in asked if "management" in link.roles] or list(asked)
    wanted = [link for link in management if link.ipv4.method != "off" or link.ipv6.method != "off"]
    if not wanted:
        return _("no management link is asked for")
    return ", ".join(_check_link(link, found) for link in wanted)


def _check_link(asked: AskedLink, found: Sequence[Link]) -> str:
    candidates = _find(asked, found)
    if not candidates:
        raise NetworkFaultError(
            _("{name}: there is no such link.").format(name=asked.name),
            _("Cards here: {cards}.").format(
                cards=", ".join(f"{link.name} {link.mac}" for link in found) or _("none")
            ),
        )
    connected = [link for link in candidates if link.carrier]
    if not connected:
        raise NetworkFaultError(
            _("{name}: no carrier.").format(name=" ".join(link.name for link in candidates)),
            _("Check the cable and the switch port."),
        )
    missing = ""
    for link in connected:
        missing = _missing_kind(asked, link)
        if not missing:
            return f"{link.name} {' '.join(link.addresses)}"
    raise NetworkFaultError(
        _("{name}: no address by {kind}.").format(name=connected[0].name, kind=missing),
        _("Check the DHCP server or router of this network, or set a static address."),
    )


def _find(asked: AskedLink, found: Sequence[Link]) -> list[Link]:
    """Return the links that may be the asked one; ``match = link`` may be any card."""
    match = asked.match or asked.name
    if match == "link":
        return [link for link in found if link.kind == "ethernet"]
    return [link for link in found if match.lower() in (link.name.lower(), link.mac.lower())]


def _missing_kind(asked: AskedLink, link: Link) -> str:
    """Return which kind of address the link lacks, empty when it has what is asked.

    IPv6 by router announcement is what a node does when nobody says anything: many networks have
    none, so it is never missed beside IPv4.
    """
    have = [ipaddress.ip_interface(address) for address in link.addresses]
    versions = {address.version for address in have}
    for version, method, address in (
        (4, asked.ipv4.method, asked.ipv4.address),
        (6, asked.ipv6.method, asked.ipv6.address),
    ):
        if method == "static" and ipaddress.ip_interface(address) not in have:
            return f"IPv{version} {address}"
        if method == "auto" and asked.ipv4.method != "off":
            continue
        if method not in ("off", "static") and version not in versions:
            return f"IPv{version} {method}"
    return ""
