"""Nodes in every state that the console must show, as snapshots of facts, health and operations."""

import msgspec

from node_tui.ui import demo
from plugins.api.events import Event, Operation
from plugins.api.facts import (
    Check,
    Facts,
    Guests,
    Health,
    HostKey,
    Link,
    Slot,
    Slots,
    Unavailable,
    Usage,
)

INSTALLED = demo.FACTS

LIVE = Facts(
    product="Node",
    version="0.1.0",
    hostname="localhost",
    boot_mode="live",
    console_open=True,
    firmware="bios",
    signed_by="development key: not for production",
    clock="2026-11-20T07:31:00+00:00",
    uptime=95,
    cpus=2,
    cpu=Usage(used=3, total=100),
    memory=Usage(used=240 * 2**20, total=4 * 2**30),
    links=(
        Link(
            name="ens3",
            mac="52:54:00:12:34:56",
            carrier=True,
            speed=1000,
            addresses=("10.0.2.15/24", "fe80::5054:ff:fe12:3456/64"),
            gateways=("10.0.2.2",),
        ),
    ),
    guests=Guests(),
)

HEALTHY = demo.HEALTH

DEGRADED_FACTS = msgspec.structs.replace(
    INSTALLED,
    secure_boot=False,
    guests=None,
    unavailable=(Unavailable(source="libvirt", reason="connection refused"),),
    slots=Slots(
        booted="A",
        active="B",
        good="A",
        slots=(
            Slot(name="A", device="/dev/sda3", mark="try2", version="1.4.0", booted=True),
            Slot(name="B", device="/dev/sda4", mark="bad", version="1.4.1", active=True),
        ),
        problem="Two of four copies of the boot state are unreadable",
    ),
)
DEGRADED = Health(
    healthy=False,
    checks=(
        Check(name="engine", passed=True),
        Check(
            name="libvirt",
            passed=False,
            message="libvirtd does not answer within 5 s",
            hint="Look at the journal: nodectl logs libvirtd",
        ),
    ),
)

CROWDED = msgspec.structs.replace(
    INSTALLED,
    version="1.4.0~rc2+git20261120.9bd4cdf",
    hostname="hypervisor-0001.rack-17.row-b.datacentre-amsterdam-03.example.com",
    signed_by="Example Corporation Appliance Release Signing Key 2026 (rotating, HSM 2)",
    links=(
        Link(
            name="enp129s0f1np1v0",
            carrier=True,
            speed=100_000,
            addresses=(
                "2001:db8:85a3:1234:5678:8a2e:370:7334/64",
                "2001:db8:85a3:1234:5678:8a2e:370:7335/64",
                "fe80::5054:ff:fe12:3456/64",
            ),
            gateways=("2001:db8:85a3:1234::1",),
        ),
        *(
            Link(name=f"enp{bus}s0f{port}", carrier=bool((bus + port) % 3), speed=25_000)
            for bus in range(10)
            for port in range(4)
        ),
    ),
    slots=Slots(
        booted="A",
        active="A",
        slots=(
            Slot(
                name="A",
                device="/dev/sda3",
                mark="good",
                version="1.4.0~rc2+git20261120",
                booted=True,
            ),
            Slot(name="B", device="/dev/sda4", mark="empty"),
        ),
    ),
    host_keys=(HostKey(kind="rsa", fingerprint="SHA256:" + "Zz9" * 14 + "Q"),),
    unavailable=tuple(
        Unavailable(source=name, reason="its daemon died of a signal while it was being asked " * 2)
        for name in ("libvirt", "udev", "NetworkManager", "multipathd", "chrony", "sshd")
    ),
    guests=None,
)

STEPS = (
    "Check that /dev/vda is still the disk that was chosen",
    "Erase /dev/vda and partition it: ESP, BIOS, Root-A, Root-B, Config, Logging, Data",
    "Format Config, Logging and Data",
    "Write version 0.1.0 to slot A of /dev/vda",
    "Read slot A back and compare its 160 MiB with the signed checksum",
    "Write the boot loader to /dev/vda; slot A gets three tries",
    "Save the config as the first generation on Config of /dev/vda",
    "Flush /dev/vda",
)


def _event(step: str, state: str, fraction: float, message: str, hint: str = "") -> Event:
    return msgspec.convert(
        {
            "time": "2026-11-20T07:31:00Z",
            "operation": "install-1",
            "step": step,
            "state": state,
            "fraction": fraction,
            "message": message,
            "hint": hint,
        },
        Event,
    )


_BEGUN = (
    _event("", "started", 0.0, "Install Node 0.1.0 on /dev/vda"),
    _event("check-disk", "started", 0.0, STEPS[0]),
    _event("check-disk", "done", 0.02, ""),
    _event("partition", "started", 0.02, STEPS[1]),
    _event("partition", "running", 0.04, "systemd-repart: Root-B"),
    _event("partition", "done", 0.06, ""),
    _event("format", "started", 0.06, STEPS[2]),
    _event("format", "done", 0.09, ""),
    _event("write-slot", "started", 0.09, STEPS[3]),
    _event("write-slot", "running", 0.41, "214 of 460 MB"),
)
INSTALLING = Operation(
    id="install-1",
    kind="install",
    title="Install Node 0.1.0 on /dev/vda",
    state="running",
    fraction=0.41,
    steps=STEPS,
    events=_BEGUN,
)
FAILED = msgspec.structs.replace(
    INSTALLING,
    state="failed",
    events=(
        *_BEGUN,
        _event(
            "write-slot",
            "failed",
            0.41,
            "/dev/vda3: write error at 214 MB (Input/output error); slot A is not bootable",
            "Replace the disk, or choose another one with storage_init=, and install again",
        ),
        _event("format", "running", 0.41, "taken back"),
    ),
)
