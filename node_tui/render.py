"""The files that a config means: pure, from NodeConfig to contents, by this image's own templates.

Rendered files are never stored: the booted image writes them at every boot and at every apply, so a
new image never meets old templates.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from node_tui.profiles import render_profiles
from persist.model import NodeConfig

TEMPLATES = Path(__file__).parent / "templates"
SSH_UNIT = "/etc/systemd/system/multi-user.target.wants/ssh.service"
# Debian's ssh.service and ssh.socket both look for this file and do not start when it is there.
SSH_CLOSED = "/etc/ssh/sshd_not_to_be_run"


@dataclass(frozen=True, kw_only=True)
class RenderedFile:
    """One path of the node that the config decides about; ``section`` is the owner.

    A ``file`` has ``content``, a ``link`` its ``target``; ``absent`` must not be there.
    """

    path: str
    section: str
    kind: Literal["file", "link", "absent"] = "file"
    content: str = ""
    target: str = ""
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"


def render(config: NodeConfig) -> tuple[RenderedFile, ...]:
    """Return everything that ``config`` means on disk, beside the accounts (see ``accounts``)."""
    return (
        *_render_identity(config),
        *_render_ssh(config),
        *_render_network(config),
        *_render_time(config),
        *_render_keyboard(config),
    )


def _render_identity(config: NodeConfig) -> Iterator[RenderedFile]:
    hostname = config.identity.hostname
    name_line = f"{hostname}\n" if hostname else ""
    yield RenderedFile(path="/etc/hostname", section="identity", content=name_line)
    own_addresses = [
        link.ipv4.address.partition("/")[0]
        for link in config.network.links
        if link.ipv4.method == "static" and "management" in link.roles
    ]
    hosts = _fill("hosts.j2", hostname=hostname, address=next(iter(own_addresses), "127.0.1.1"))
    yield RenderedFile(path="/etc/hosts", section="identity", content=hosts)
    yield RenderedFile(path="/etc/issue", section="identity", content=_fill("issue.j2"))


def _render_ssh(config: NodeConfig) -> Iterator[RenderedFile]:
    settings = _fill("sshd.j2", ssh=config.ssh)
    yield RenderedFile(
        path="/etc/ssh/sshd_config.d/10-node.conf", section="ssh", content=settings, mode=0o600
    )
    keys = "".join(f"{key}\n" for key in config.security.authorized_keys)
    yield RenderedFile(path="/etc/ssh/authorized_keys.d/admin", section="security", content=keys)
    if config.opens_ssh:
        yield RenderedFile(path=SSH_CLOSED, section="ssh", kind="absent")
        yield RenderedFile(
            path=SSH_UNIT, section="ssh", kind="link", target="/usr/lib/systemd/system/ssh.service"
        )
    else:
        yield RenderedFile(path=SSH_CLOSED, section="ssh", content="closed by the node's config\n")
        yield RenderedFile(path=SSH_UNIT, section="ssh", kind="absent")
    rules = _fill("nftables.j2", ssh=config.opens_ssh)
    yield RenderedFile(path="/etc/nftables.conf", section="ssh", content=rules, mode=0o600)


def _render_network(config: NodeConfig) -> Iterator[RenderedFile]:
    settings = _fill("networkmanager.j2")
    yield RenderedFile(
        path="/etc/NetworkManager/conf.d/10-node.conf", section="network", content=settings
    )
    for name, content in render_profiles(config.network).items():
        yield RenderedFile(
            path=f"/etc/NetworkManager/system-connections/{name}.nmconnection",
            section="network",
            content=content,
            mode=0o600,
        )


def _render_time(config: NodeConfig) -> Iterator[RenderedFile]:
    zone = config.time.zone
    yield RenderedFile(
        path="/etc/localtime", section="time", kind="link", target=f"/usr/share/zoneinfo/{zone}"
    )
    yield RenderedFile(path="/etc/timezone", section="time", content=f"{zone}\n")
    servers = _fill("chrony.j2", servers=config.time.ntp)
    yield RenderedFile(path="/etc/chrony/chrony.conf", section="time", content=servers)


def _render_keyboard(config: NodeConfig) -> Iterator[RenderedFile]:
    content = _fill("keyboard.j2", layout=config.keyboard.layout)
    yield RenderedFile(path="/etc/default/keyboard", section="keyboard", content=content)
    console = f"KEYMAP={config.keyboard.layout}\n"
    yield RenderedFile(path="/etc/vconsole.conf", section="keyboard", content=console)


def _fill(template: str, **values: Any) -> str:
    """Fill one template; a name that it does not know is an error, not an empty string."""
    return str(_templates().get_template(template).render(**values))


_environment: list[Any] = []


def _templates() -> Any:
    """Jinja2 is slow to import, and a restore that fails early never needs it."""
    if not _environment:
        import jinja2  # noqa: PLC0415

        _environment.append(
            jinja2.Environment(
                loader=jinja2.FileSystemLoader(TEMPLATES),
                undefined=jinja2.StrictUndefined,
                keep_trailing_newline=True,
                trim_blocks=True,
                lstrip_blocks=True,
                autoescape=False,  # noqa: S701 - configuration files, not HTML; values are checked
            )
        )
    return _environment[0]
