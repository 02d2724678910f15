"""IPv4 and IPv6 of a link."""

import ipaddress
from typing import Annotated, Literal

from msgspec import Meta, Struct

from persist.errors import ConfigError
from persist.model.checks import IpInterface, check_address, parse_interface
from persist.translation import _


def _check_static(method: str, address: str, gateway: str, version: Literal[4, 6]) -> None:
    if method != "static":
        for name, value in (("address", address), ("gateway", gateway)):
            if value:
                raise ConfigError(
                    name,
                    _('{value!r} needs method = "static", not {method!r}').format(
                        value=value, method=method
                    ),
                    _("Set the method to static, or leave the {name} out.").format(name=name),
                )
        return
    interface = parse_interface("address", address, version)
    _check_assignable(interface, address)
    if not gateway:
        return
    check_address("gateway", gateway, version=version)
    gate = ipaddress.ip_address(gateway)
    if gate.is_multicast or gate.is_unspecified or gate.is_loopback:
        raise ConfigError(
            "gateway",
            _("{value!r} cannot be the address of a router").format(value=gateway),
            _("Give the address of the router."),
        )
    if gate == interface.ip:
        raise ConfigError(
            "gateway",
            _("{value!r} is the address of the node itself").format(value=gateway),
            _("Give the address of the router."),
        )
    if gate not in interface.network and not (version == 6 and gate.is_link_local):
        raise ConfigError(
            "gateway",
            _("{value!r} is not in the network {network}").format(
                value=gateway, network=interface.network
            ),
            _("Check the gateway and the prefix length of the address."),
        )


def _check_assignable(interface: IpInterface, address: str) -> None:
    ip, network = interface.ip, interface.network
    edge = (
        interface.version == 4
        and network.prefixlen < 31
        and ip in (network.network_address, network.broadcast_address)
    )
    if edge or ip.is_multicast or ip.is_unspecified or ip.is_loopback:
        raise ConfigError(
            "address",
            _("{value!r} cannot be the address of a host").format(value=address),
            _("Use an address inside the network, neither its first nor its last."),
        )


class Ipv4(Struct, frozen=True, kw_only=True):
    """IPv4 of a link; ``address`` has its prefix length."""

    method: Annotated[
        Literal["off", "dhcp", "static"], Meta(description="Where addresses come from.")
    ] = "off"
    address: Annotated[
        str, Meta(description="Address with prefix length, such as 192.0.2.10/24.")
    ] = ""
    gateway: Annotated[str, Meta(description="Default gateway; must lie in the network.")] = ""

    def __post_init__(self) -> None:
        _check_static(self.method, self.address, self.gateway, 4)


class Ipv6(Struct, frozen=True, kw_only=True):
    """IPv6 of a link; ``auto`` is router advertisements, with DHCPv6 where they ask for it."""

    method: Annotated[
        Literal["off", "auto", "dhcp", "static"], Meta(description="Where addresses come from.")
    ] = "off"
    address: Annotated[
        str, Meta(description="Address with prefix length, such as 2001:db8::10/64.")
    ] = ""
    gateway: Annotated[str, Meta(description="Default gateway; in the network or link-local.")] = ""

    def __post_init__(self) -> None:
        _check_static(self.method, self.address, self.gateway, 6)
