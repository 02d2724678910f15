"""A simulated node: recorded facts behind the client's interface, for ``node-tui --demo``."""

import time
from datetime import UTC, datetime

import msgspec

from node_tui.ui.node_client import PowerAction
from persist.errors import AccessError, NodeError
from persist.translation import _
from plugins.api.access import Session
from plugins.api.events import Operation
from plugins.api.facts import (
    Check,
    Facts,
    Guests,
    Health,
    HostKey,
    Link,
    Slot,
    Slots,
    Usage,
)

PASSWORD = "demo"  # noqa: S105 - of a node that does not exist

FACTS = Facts(
    product="Node",
    version="1.4.0",
    hostname="node1.example.com",
    boot_mode="installed",
    firmware="uefi",
    secure_boot=True,
    signed_by="Example release key",
    clock="2026-11-20T07:31:00+00:00",
    uptime=273_840,
    cpus=16,
    cpu=Usage(used=24, total=100),
    memory=Usage(used=26 * 2**30, total=64 * 2**30),
    data=Usage(used=220 * 10**9, total=2 * 10**12),
    virtualisation=True,
    links=(
        Link(
            name="mgmt",
            kind="vlan",
            mac="52:54:00:00:01:00",
            carrier=True,
            speed=10_000,
            addresses=("192.0.2.10/24", "2001:db8:0:2::10/64"),
            gateways=("192.0.2.1",),
        ),
        Link(name="bond0", kind="bond", mac="52:54:00:00:01:00", carrier=True, speed=20_000),
        Link(name="eno1", mac="52:54:00:00:01:00", carrier=True, speed=10_000),
        Link(name="eno2", mac="52:54:00:00:01:01", carrier=True, speed=10_000),
        Link(name="eno3", mac="52:54:00:00:01:02"),
    ),
    slots=Slots(
        booted="A",
        active="A",
        good="A",
        slots=(
            Slot(
                name="A", device="/dev/sda3", mark="good", version="1.4.0", booted=True, active=True
            ),
            Slot(name="B", device="/dev/sda4", mark="good", version="1.3.2"),
        ),
    ),
    host_keys=(
        HostKey(kind="ed25519", fingerprint="SHA256:Yk3nUu7cKXvF0mQJt2rZb8dWqgE5sHhO1aLpN6iT9xM"),
    ),
    ssh_open=True,
    guests=Guests(running=3, stopped=2, names=("web1", "db1", "build1")),
)

HEALTH = Health(
    healthy=True,
    checks=tuple(
        Check(name=name, passed=True) for name in ("engine", "network", "libvirt", "config")
    ),
)


class SimulatedNode:
    """Answers as an engine would; its clock and its load move."""

    def health(self) -> Health:
        """Return a healthy node."""
        return HEALTH

    def facts(self) -> Facts:
        """Return the recorded facts with the time of now."""
        load = 20 + int(time.time()) // 2 % 9
        clock = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
        return msgspec.structs.replace(FACTS, cpu=Usage(used=load, total=100), clock=clock)

    def operations(self) -> tuple[Operation, ...]:
        """Return no operations."""
        return ()

    def operation(self, number: str) -> Operation:
        """Know of no operation."""
        raise NodeError(_("There is no operation {number}.").format(number=number))

    def open_session(self, user: str, password: str) -> Session:
        """Accept the one password."""
        if password != PASSWORD:
            hint = _("this node is simulated, its password is {password}").format(password=PASSWORD)
            raise AccessError(_("wrong password"), hint)
        return Session(token="simulated", role="admin", user=user)  # noqa: S106

    def close_session(self) -> None:
        """Forget nothing."""

    def power(self, action: PowerAction) -> None:  # noqa: ARG002 - there is nothing to switch
        """Say that there is no machine to switch."""
        raise AccessError(_("this node is simulated and has no power switch"))
