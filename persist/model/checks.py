"""What single values must look like. Each check raises ConfigError with path, value and remedy."""

import base64
import binascii
import ipaddress
import re

from persist.errors import ConfigError
from persist.model.secret import Secret
from persist.translation import _

IpInterface = ipaddress.IPv4Interface | ipaddress.IPv6Interface

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_MAC = re.compile(r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}", re.ASCII)
_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}", re.ASCII)
_KEYMAP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_B64 = "[./A-Za-z0-9]"
# crypt(5): yescrypt, gost-yescrypt, scrypt, SHA-512, SHA-256, bcrypt. MD5 and DES are too weak.
_CRYPT = re.compile(
    rf"\$g?y\${_B64}+\${_B64}{{0,86}}\${_B64}{{43}}"
    rf"|\$7\${_B64}{{11,97}}\${_B64}{{43}}"
    rf"|\$6\$(?:rounds=\d{{1,9}}\$)?{_B64}{{0,16}}\${_B64}{{86}}"
    rf"|\$5\$(?:rounds=\d{{1,9}}\$)?{_B64}{{0,16}}\${_B64}{{43}}"
    rf"|\$2[aby]\$\d\d\${_B64}{{53}}",
    re.ASCII,
)
_SSH_KINDS = (
    "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
)  # fmt: skip


def check_hostname(path: str, value: str) -> None:
    """Accept a host name per RFC 1123: labels of letters, digits and hyphens, 64 characters in all.

    64 and not 253, because that is what the Linux kernel keeps of a host name.
    """
    labels = value.split(".")
    if len(value) <= 64 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit():
        return
    raise ConfigError(
        path,
        _("{value!r} is not a host name").format(value=value),
        _(
            "Use letters, digits and hyphens in parts joined by dots, at most 64 characters,"
            " such as node1.example.com."
        ),
    )


def check_server(path: str, value: str) -> None:
    """Accept an address or a host name of a server."""
    if is_address(value):
        return
    check_hostname(path, value)


def check_domain(path: str, value: str) -> None:
    """Accept a DNS search domain."""
    if len(value) <= 253 and all(map(_LABEL.fullmatch, value.split("."))):
        return
    raise ConfigError(
        path,
        _("{value!r} is not a domain").format(value=value),
        _("Write it like example.com, without a leading dot."),
    )


def is_address(value: str) -> bool:
    """Say whether ``value`` is an IPv4 or IPv6 address, without a zone or a prefix length."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return "%" not in value


def check_address(path: str, value: str, *, version: int | None = None) -> None:
    """Accept an IP address, of ``version`` 4 or 6 when that is given."""
    if is_address(value) and version in (None, ipaddress.ip_address(value).version):
        return
    kind = f"IPv{version}" if version else "IP"
    example = "2001:db8::1" if version == 6 else "192.0.2.1"
    raise ConfigError(
        path,
        _("{value!r} is not an {kind} address").format(value=value, kind=kind),
        _("Write it like {example}.").format(example=example),
    )


def parse_interface(path: str, value: str, version: int) -> IpInterface:
    """Return an address with its prefix length, as in ``192.0.2.10/24``; refuse anything else."""
    try:
        interface = ipaddress.ip_interface(value)
    except ValueError:
        interface = None
    prefix = value.partition("/")[2]
    if (
        interface is not None
        and interface.version == version
        and prefix == str(interface.network.prefixlen)
        and "%" not in value
    ):
        return interface
    example = "192.0.2.10/24" if version == 4 else "2001:db8::10/64"
    raise ConfigError(
        path,
        _("{value!r} is not an IPv{version} address with its prefix length").format(
            value=value, version=version
        ),
        _("Write it like {example}.").format(example=example),
    )


def is_mac(value: str) -> bool:
    """Say whether ``value`` is a MAC address written with colons."""
    return _MAC.fullmatch(value) is not None


def check_mac_or_name(path: str, value: str) -> None:
    """Accept a MAC address or an interface name."""
    if is_mac(value):
        if int(value[:2], 16) & 1:
            raise ConfigError(
                path,
                _("{value!r} is a group address, no card has it").format(value=value),
                _("Use the address that is printed on the card or shown by: nodectl facts"),
            )
        return
    if not _INTERFACE.fullmatch(value):
        raise ConfigError(
            path,
            _("{value!r} is neither a MAC address nor an interface name").format(value=value),
            _("Use a MAC address such as 52:54:00:00:01:00, or a name such as eno1."),
        )


def check_interface_name(path: str, value: str) -> None:
    """Accept a name the kernel accepts for an interface."""
    if not _INTERFACE.fullmatch(value):
        raise ConfigError(
            path,
            _("{value!r} cannot be the name of a link").format(value=value),
            _("Use at most 15 letters, digits, dots, hyphens and underscores, such as eno1."),
        )


def check_crypt_hash(path: str, value: Secret) -> None:
    """Accept a password only as a crypt hash; the message never shows what was given."""
    if _CRYPT.fullmatch(value.reveal()):
        return
    raise ConfigError(
        path,
        _("the value is not a crypt hash; passwords in clear and MD5 or DES hashes are refused"),
        _(
            "Make one with: mkpasswd --method=yescrypt   In GRUB put the whole"
            " argument in single quotes, 'adminpw=$y$...', because a bare $ starts a variable."
        ),
    )


def check_ssh_key(path: str, value: str) -> None:
    """Accept one public key line of OpenSSH: kind, base64, optional comment; no options."""
    fields = value.split(" ", 2)
    if len(fields) >= 2 and fields[0] in _SSH_KINDS and value.isprintable():
        kind = fields[0].encode()
        try:
            parts = _split_key(base64.b64decode(fields[1], validate=True))
        except (binascii.Error, ValueError):
            parts = []
        if len(parts) > 1 and parts[0] == kind and max(map(len, parts[1:])) >= 32:
            return
    shown = value if len(value) <= 40 else f"{value[:37]}..."
    raise ConfigError(
        path,
        _("{value!r} is not a public SSH key").format(value=shown),
        _(
            "Give the one line of a .pub file: kind, key and comment, such as"
            " ssh-ed25519 AAAA... admin@laptop."
        ),
    )


def _split_key(blob: bytes) -> list[bytes]:
    """Return the strings of a public key (RFC 4253, section 6.6); ValueError when it was cut."""
    parts: list[bytes] = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + length:
            raise ValueError
        parts.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return parts


def check_keymap(path: str, value: str) -> None:
    """Accept the name of a keyboard layout."""
    if _KEYMAP.fullmatch(value):
        return
    raise ConfigError(
        path,
        _("{value!r} is not the name of a keyboard layout").format(value=value),
        _("Use a name such as us, de or fr-latin9."),
    )


def check_range(path: str, value: int, low: int, high: int) -> None:
    """Accept a number from ``low`` to ``high``."""
    if low <= value <= high:
        return
    raise ConfigError(
        path,
        _("{value} is out of range").format(value=value),
        _("Use a number from {low} to {high}.").format(low=low, high=high),
    )


def check_unique(path: str, values: tuple[str, ...]) -> None:
    """Refuse a value that stands twice in a list."""
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            raise ConfigError(
                f"{path}.{index}",
                _("{value!r} stands in the list twice").format(value=value),
                _("Remove one of the two."),
            )
        seen.add(value)
