"""The network links as the kernel has them now: sysfs for the link, netifaces for addresses."""

import ipaddress
from pathlib import Path
from typing import Protocol

from plugins.api.facts import Link

CLASS = "sys/class/net"
UNKNOWN_SPEED = 2**31 - 1
ETHERNET = "1"  # ARPHRD_ETHER: real cards as well as bonds, bridges and VLANs


class Addresses(Protocol):
    """Where addresses and default gateways of links come from."""

    def of_link(self, name: str) -> tuple[str, ...]: ...
    def gateways(self) -> dict[str, tuple[str, ...]]: ...


class KernelAddresses:
    """Addresses of the running kernel, through netifaces.

    Link-local IPv6 addresses are left out: every link has one, and nobody reaches a node by it.
    """

    def of_link(self, name: str) -> tuple[str, ...]:
        """Return the addresses of ``name`` in CIDR form, IPv4 first."""
        import netifaces  # noqa: PLC0415 - loaded at the first look at the network

        try:
            families = netifaces.ifaddresses(name)
        except ValueError:  # a link of a guest went away since the links were listed
            return ()
        found = []
        for family in (netifaces.AF_INET, netifaces.AF_INET6):
            for entry in families.get(family, []):
                address = ipaddress.ip_interface(_cidr(entry))
                if not address.is_link_local or family == netifaces.AF_INET:
                    found.append(str(address))
        return tuple(found)

    def gateways(self) -> dict[str, tuple[str, ...]]:
        """Return the default gateways by link."""
        import netifaces  # noqa: PLC0415 - as above

        known = netifaces.gateways()
        found: dict[str, tuple[str, ...]] = {}
        for family in (netifaces.AF_INET, netifaces.AF_INET6):
            for gateway, link, *_default in known.get(family, []):
                found[link] = (*found.get(link, ()), gateway)
        return found


def _cidr(entry: dict[str, str]) -> str:
    address = entry["addr"].partition("%")[0]
    mask = entry.get("netmask", "")
    # netifaces writes an IPv6 mask as "ffff:ffff::/64" and an IPv4 mask as "255.255.255.0".
    length = mask.partition("/")[2] or mask
    return f"{address}/{length}" if length else address


def read_links(root: Path, addresses: Addresses) -> tuple[Link, ...]:
    """Return all links but the loopback, sorted by name."""
    gateways = addresses.gateways()
    found = []
    for path in sorted((root / CLASS).iterdir()):
        if _read(path / "type") != ETHERNET:
            continue
        name = path.name
        found.append(
            Link(
                name=name,
                kind=_kind(path),
                mac=_read(path / "address"),
                driver=_driver(path),
                carrier=_read(path / "carrier") == "1",
                speed=_speed(path),
                addresses=addresses.of_link(name),
                gateways=gateways.get(name, ()),
            )
        )
    return tuple(found)


def _read(path: Path) -> str:
    """Return a sysfs value; a link that is down answers some of them with EINVAL: then empty."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _kind(path: Path) -> str:
    for line in _read(path / "uevent").splitlines():
        key, _equals, value = line.partition("=")
        if key == "DEVTYPE":
            return value
    if (path / "tun_flags").exists():
        return "tap"
    return "ethernet"


def _driver(path: Path) -> str:
    link = path / "device/driver"
    return link.readlink().name if link.is_symlink() else ""


def _speed(path: Path) -> int | None:
    """Return Mbit/s; drivers that do not know say -1, as signed or as unsigned number."""
    speed = _read(path / "speed")
    return int(speed) if speed and 0 < int(speed) < UNKNOWN_SPEED else None
