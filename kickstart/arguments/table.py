"""The arguments of oVirt Node: name -> config path -> reader -> same, changed or refused -> help.

The table is the only place that knows them; the parser and docs/kernel-arguments.md are made of it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

from kickstart.arguments.storage import read_storage_init, read_storage_vol
from kickstart.arguments.values import read_boolean, read_list, read_number, read_text
from persist.model.secret import Secret

Meaning = Literal["same", "changed", "refused"]
Reader = Callable[[str, str | None], Mapping[str, Any]]


class Argument(Struct, frozen=True, kw_only=True):
    """One argument. ``read`` gives config path -> value; None: read together with others.

    ``help`` says what it does, for a changed one also how, for a refused one why and what instead.
    """

    name: str
    form: str
    meaning: Meaning
    help: str
    path: str = ""
    aliases: tuple[str, ...] = ()
    read: Reader | None = None


def _at(path: str, read: Callable[[str, str | None], Any]) -> Reader:
    return lambda argument, value: {path: read(argument, value)}


def _read_servers(argument: str, value: str | None) -> list[str]:
    return [] if value == "off" else read_list(argument, value)


def _read_hash(argument: str, value: str | None) -> Secret:
    return Secret(read_text(argument, value))


def _read_reinstall(argument: str, value: str | None) -> dict[str, Any]:
    """``reinstall``, ``reinstall=no`` or ``reinstall=TOKEN``."""
    if value is None or value.lower() in ("", "0", "no", "false", "off", "1", "yes", "true", "on"):
        return {"install.reinstall": read_boolean(argument, value or None)}
    return {"install.reinstall": True, "install.token": value}


STORAGE = (
    Argument(
        name="storage_init", aliases=("ovirt_init",), form="[DISK]", meaning="changed",
        path="install.disk", read=read_storage_init,
        help="The disk to install on: bare (the only eligible disk), /dev/...,"
        " ata|scsi|usb[:SERIAL], or any selector of install.disk. Several matches are an error,"
        " never a guess; one disk only.",
    ),
    Argument(
        name="storage_vol", aliases=("ovirt_vol",), form="BOOT:SWAP:ROOT:CONFIG:LOGGING:DATA",
        meaning="changed", path="install.*_size, persist.cap", read=read_storage_vol,
        help="Sizes in MiB by position or as SIZE,Name items. Boot is fixed, Config is the cap of"
        " the persisted content, second volumes are refused.",
    ),
)  # fmt: skip

NETWORK = (
    Argument(
        name="BOOTIF", form="link|NAME|bondN|MAC", meaning="same", path="network.links",
        help="The management link: the first with carrier, a name, or a MAC address with dashes,"
        " with or without the leading 01- of PXE. Every interface name is accepted.",
    ),
    Argument(
        name="ip", form="dhcp|off|ADDRESS|CLIENT:SERVER:GATEWAY:NETMASK", meaning="same",
        path="network.links.N.ipv4",
        help="IPv4 of the management link; left out or empty, DHCP. ip=off really means off.",
    ),
    Argument(
        name="netmask", form="MASK", meaning="same", path="network.links.N.ipv4.address",
        help="Completes ip=ADDRESS, as 255.255.255.0 or 24.",
    ),
    Argument(
        name="gateway", form="ADDRESS", meaning="same", path="network.links.N.ipv4.gateway",
        help="Completes ip=ADDRESS; must lie in its network.",
    ),
    Argument(
        name="ipv6", form="auto|dhcp|off", meaning="same", path="network.links.N.ipv6.method",
        help="IPv6 of the management link; off when left out.",
    ),
    Argument(
        name="vlan", form="ID[:NIC]", meaning="changed", path="network.links.N.vlan",
        help="The management link is this VLAN. The NIC, once ignored, is now the card it lies on.",
    ),
    Argument(
        name="bond", aliases=("bond_setup",), form="NAME:PORT,PORT[:OPTION=VALUE,...]",
        meaning="same", path="network.links.N",
        help="The management link is this bond; active-backup and miimon=100 unless options say"
        " otherwise.",
    ),
    Argument(
        name="network_layout", form="direct|bridged", meaning="same", path="network.links.N",
        help="bridged puts the address on a bridge over the management link.",
    ),
    Argument(
        name="dns", form="ADDRESS,...", meaning="same", path="network.dns",
        read=_at("network.dns", read_list), help="Name servers.",
    ),
    Argument(
        name="ntp", form="SERVER,...|off", meaning="same", path="time.ntp",
        read=_at("time.ntp", _read_servers), help="Time servers; an invalid one is an error.",
    ),
    Argument(
        name="hostname", form="NAME", meaning="same", path="identity.hostname",
        read=_at("identity.hostname", read_text), help="Host name, fully qualified.",
    ),
)  # fmt: skip

SECURITY = (
    Argument(
        name="rootpw", form="HASH", meaning="changed", path="security.admin_password",
        read=_at("security.admin_password", _read_hash),
        help="Root stays locked; the hash is used for admin when adminpw is absent.",
    ),
    Argument(
        name="adminpw", form="HASH", meaning="changed", path="security.admin_password",
        read=_at("security.admin_password", _read_hash),
        help="Password of admin as a crypt hash. It forces no change at the first login unless"
        " node.security.expire_admin_password=yes.",
    ),
    Argument(
        name="ssh_pwauth", form="1|0|true|false", meaning="same", path="ssh.password_login",
        read=_at("ssh.password_login", read_boolean), help="Accept the admin password over SSH.",
    ),
    Argument(
        name="keyboard", form="LAYOUT", meaning="same", path="keyboard.layout",
        read=_at("keyboard.layout", read_text), help="Console keyboard layout.",
    ),
)  # fmt: skip

MODE = (
    Argument(
        name="install", form="[yes|no]", meaning="same", read=_at("", read_boolean),
        help="Accepted; the disk given by storage_init is what makes an installation unattended.",
    ),
    Argument(
        name="reinstall", form="[yes|no|TOKEN]", meaning="changed", read=_read_reinstall,
        path="install.reinstall, install.token",
        help="Install over a node of ours. Bare, on empty disks and where no used tokens can be"
        " read; else a token, which a node obeys once.",
    ),
    Argument(
        name="firstboot", aliases=("ovirt_firstboot",), form="[yes|no|TOKEN]", meaning="changed",
        read=_read_reinstall, path="install.reinstall, install.token", help="As reinstall.",
    ),
    Argument(
        name="stateless", aliases=("ovirt_stateless",), form="[yes|no]", meaning="same",
        help="Touch no disk and remember nothing.",
    ),
    Argument(
        name="standalone", aliases=("ovirt_standalone",), form="[yes|no]", meaning="same",
        read=_at("", read_boolean),
        help="Accepted; a node talks to no management server by itself.",
    ),
    Argument(
        name="reboot_delay", form="SECONDS", meaning="same", path="install.reboot_delay",
        read=_at("install.reboot_delay", read_number),
        help="Seconds between the end of the installation and the reboot.",
    ),
)  # fmt: skip

ARGUMENTS = (*STORAGE, *NETWORK, *SECURITY, *MODE)
