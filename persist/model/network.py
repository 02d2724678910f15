"""``[network]``: links and names. How links refer to each other is checked in ``topology``."""

import re
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from persist.errors import ConfigError
from persist.model.addresses import Ipv4, Ipv6
from persist.model.checks import (
    check_address,
    check_domain,
    check_interface_name,
    check_mac_or_name,
    check_range,
    check_unique,
)
from persist.model.topology import check_topology
from persist.translation import _

LinkKind = Literal["ethernet", "bond", "vlan", "bridge"]
Role = Literal["management", "storage", "migration", "guests"]
# In the order of the driver's numbers, 0 to 6.
BondMode = Literal[
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
]
BOND_MODES: tuple[BondMode, ...] = get_args(BondMode)
BOND_OPTIONS = (
    "miimon", "updelay", "downdelay", "lacp_rate", "xmit_hash_policy", "primary",
    "primary_reselect", "fail_over_mac", "arp_interval", "arp_ip_target", "ad_select",
    "num_grat_arp", "min_links",
)  # fmt: skip
# Numbers, words, names of cards, addresses: nothing that NetworkManager would read otherwise.
_OPTION_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:,+@-]{0,254}", re.ASCII)


def _check_name(link: "Link") -> None:
    check_interface_name("name", link.name)
    if link.name in ("lo", "link", "all", "default"):
        raise ConfigError(
            "name",
            _("{value!r} is a reserved name").format(value=link.name),
            _("Choose another name for the link."),
        )
    if link.match and link.match != "link":
        check_mac_or_name("match", link.match)


_FIELDS_OF_KIND: dict[str, tuple[str, ...]] = {
    "ethernet": ("match",),
    "bond": ("ports", "mode", "options"),
    "vlan": ("parent", "vlan"),
    "bridge": ("ports",),
}


def _check_kind_fields(link: "Link") -> None:
    allowed = _FIELDS_OF_KIND[link.kind]
    for name in ("match", "ports", "parent", "vlan", "mode", "options"):
        value = getattr(link, name)
        if value not in ("", (), None) and name not in allowed:
            raise ConfigError(
                name,
                _("{value} has no meaning for kind = {kind!r}").format(
                    value=_shown(value), kind=link.kind
                ),
                _("Leave {name} out, or change the kind.").format(name=name),
            )
    needed = {"bond": "ports", "vlan": "parent"}.get(link.kind, "")
    if needed and not getattr(link, needed):
        raise ConfigError(
            needed,
            _("a {kind} needs its {name}").format(kind=link.kind, name=needed),
            _("Name what {link} is made of.").format(link=link.name),
        )
    if link.kind == "vlan" and link.vlan is None:
        raise ConfigError("vlan", _("a vlan needs its id"), _("Use a number from 1 to 4094."))


def _check_bond_options(link: "Link") -> None:
    names: list[str] = []
    for index, option in enumerate(link.options):
        name, equals, value = option.partition("=")
        names.append(name)
        if name not in BOND_OPTIONS or not equals or not _OPTION_VALUE.fullmatch(value):
            raise ConfigError(
                f"options.{index}",
                _("{value!r} is not a bond option").format(value=option),
                _("Use NAME=VALUE with one of: {names}.").format(names=", ".join(BOND_OPTIONS)),
            )
    check_unique("options", tuple(names))
    if "miimon" in names and "arp_interval" in names:
        raise ConfigError(
            "options",
            _("{value!r} and {other!r} exclude each other").format(
                value="miimon", other="arp_interval"
            ),
            _("Keep the one you mean."),
        )


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else repr(value)


class Link(Struct, frozen=True, kw_only=True):
    """One link. An ethernet link is the card that ``match`` names, or the one called ``name``.

    ``match`` is a MAC address, an interface name, or ``link``: the first card with carrier.
    ``ports`` hold names of other links here, or cards by MAC address or name; ``parent`` the name
    of a link here, or the MAC address of a card.
    """

    name: Annotated[str, Meta(description="Name of the link, at most 15 characters.")]
    kind: Annotated[LinkKind, Meta(description="What the link is.")] = "ethernet"
    match: Annotated[
        str, Meta(description="Card: MAC, interface name, or link (first with carrier).")
    ] = ""
    ports: Annotated[
        tuple[str, ...], Meta(description="Ports of a bond or bridge: link, card name or MAC.")
    ] = ()
    parent: Annotated[str, Meta(description="What a VLAN lies on: link, or MAC of a card.")] = ""
    vlan: Annotated[int | None, Meta(description="VLAN id, 1 to 4094.")] = None
    mode: Annotated[
        BondMode | None, Meta(description="Bond mode; active-backup when left out.")
    ] = None
    options: Annotated[
        tuple[str, ...], Meta(description="More bond options, such as miimon=100.")
    ] = ()
    mtu: Annotated[int | None, Meta(description="Largest packet in bytes, 576 to 9216.")] = None
    ipv4: Annotated[Ipv4, Meta(description="IPv4 of the link.")] = Ipv4()
    ipv6: Annotated[Ipv6, Meta(description="IPv6 of the link.")] = Ipv6()
    roles: Annotated[tuple[Role, ...], Meta(description="What the link is for.")] = ()

    def __post_init__(self) -> None:
        _check_name(self)
        _check_kind_fields(self)
        for index, port in enumerate(self.ports):
            check_mac_or_name(f"ports.{index}", port)
        check_unique("ports", self.ports)
        check_unique("roles", self.roles)
        _check_bond_options(self)
        if self.vlan is not None:
            check_range("vlan", self.vlan, 1, 4094)
        if self.mtu is not None:
            check_range("mtu", self.mtu, 1280 if self.ipv6.method != "off" else 576, 9216)


# What a node does when nobody says anything about the network.
FIRST_LINK = Link(
    name="uplink",
    match="link",
    ipv4=Ipv4(method="dhcp"),
    ipv6=Ipv6(method="auto"),
    roles=("management",),
)


class Network(Struct, frozen=True, kw_only=True):
    """Links and name servers. Links left out: DHCP on cards with carrier; ``links = []``: none."""

    links: Annotated[tuple[Link, ...], Meta(description="Links, one table each.")] = (FIRST_LINK,)
    dns: Annotated[tuple[str, ...], Meta(description="Name servers, before those of DHCP.")] = ()
    search: Annotated[tuple[str, ...], Meta(description="Domains tried for short names.")] = ()

    def __post_init__(self) -> None:
        for index, server in enumerate(self.dns):
            check_address(f"dns.{index}", server)
        check_unique("dns", self.dns)
        for index, domain in enumerate(self.search):
            check_domain(f"search.{index}", domain)
        check_topology(self.links)
