"""The services of the built image, started by its own systemd."""

import json
import re
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.container.harness.container import Container

pytestmark = pytest.mark.container

# What only a real machine has; each with the reason why nspawn cannot.
NOT_IN_A_CONTAINER: dict[str, str] = {}


def test_nothing_failed(node: Container) -> None:
    lines = node.run("systemctl", "list-units", "--failed", "--plain", "--no-legend").splitlines()
    failed = {line.split()[0] for line in lines} - set(NOT_IN_A_CONTAINER)
    logs = [
        node.attempt("journalctl", "-u", unit, "-n", "15", "-o", "cat").stdout for unit in failed
    ]
    assert failed == set(), "\n".join(logs)


def test_the_journal_has_no_error_of_ours(node: Container) -> None:
    words = node.run(
        "journalctl", "-b", "-p", "err", "-o", "json", "--output-fields=_SYSTEMD_UNIT,MESSAGE"
    )
    entries = [json.loads(line) for line in words.splitlines()]
    ours = [entry for entry in entries if str(entry.get("_SYSTEMD_UNIT", "")).startswith("node-")]
    assert [entry["MESSAGE"] for entry in ours] == []


def test_the_engine_answers(node: Container) -> None:
    status = json.loads(node.run("nodectl", "status", "--json"))
    assert "node1" in json.dumps(status)


def test_the_console_user_may_look_but_not_act(node: Container) -> None:
    for socket, allowed in (("viewer", True), ("operator", False), ("admin", False)):
        argv = ["runuser", "-u", "node-console", "--", "test", "-w", f"/run/node/{socket}.sock"]
        assert (node.attempt(*argv).returncode == 0) is allowed, socket


def test_ssh_configuration_is_valid(node: Container) -> None:
    node.run("ssh-keygen", "-A")
    node.run("mkdir", "-p", "/run/sshd")
    settings = node.run("/usr/sbin/sshd", "-T").lower()
    assert "permitrootlogin no" in settings
    assert "passwordauthentication no" in settings


def test_the_firewall_drops_by_default(node: Container) -> None:
    rules = node.run("nft", "list", "ruleset")
    assert re.search(r"hook input .*policy drop", rules), rules
    assert "8443" not in rules
    listening = node.run("ss", "--listening", "--numeric", "--tcp", "--no-header")
    open_ports = [line.split()[3] for line in listening.splitlines()]
    assert [port for port in open_ports if not port.startswith(("127.", "[::1]"))] == []


def our_units(rootfs: Path) -> list[str]:
    """Return the units that this project ships, templates as one instance."""
    names = sorted(path.name for path in (rootfs / "usr/lib/systemd/system").glob("node-*.*"))
    return [name.replace("@.", "@tty1.") for name in names if not name.endswith((".d", ".wants"))]


def test_our_units_verify(node: Container, rootfs: Path) -> None:
    units = our_units(rootfs)
    assert units
    done = node.attempt("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units)
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if "node-" in line]
    assert (done.returncode, complaints) == (0, [])


def test_our_services_are_hardened(node: Container, rootfs: Path) -> None:
    """At most 3.0, or the unit says in a comment that begins with "# Exposure:" why not."""
    names = [name for name in our_units(rootfs) if name.endswith(".service")]
    table = node.run("systemd-analyze", "security", "--no-pager", *(["--json=short"]))
    exposure = {row["unit"]: float(row["exposure"]) for row in json.loads(table)}
    loose = [name for name in names if exposure.get(name, 0.0) > 3.0]
    folder = rootfs / "usr/lib/systemd/system"
    silent = [
        f"{name} {exposure[name]}"
        for name in loose
        if "# Exposure:" not in (folder / name.replace("@tty1.", "@.")).read_text()
    ]
    assert silent == []


def test_libvirt_offers_what_guests_need(node: Container) -> None:
    for machine in ("q35", "pc"):
        argv = ["virsh", "-c", "qemu:///system", "domcapabilities", "--virttype", "qemu"]
        found = ET.fromstring(node.run(*argv, "--machine", machine))  # noqa: S314 - our own libvirt
        enums = {
            f"{parent.tag}.{child.get('name')}": [value.text for value in child]
            for parent in found.iter()
            for child in parent.findall("enum")
        }
        assert "virtio" in enums["disk.bus"]
        assert "virtio" in enums["rng.model"] or "virtio" in enums["video.modelType"]
        assert "efi" in enums["os.firmware"]
        assert {"tpm-tis", "tpm-crb"} & set(enums["tpm.model"])
        assert "emulator" in enums["tpm.backendModel"]
        assert "pci" in enums["hostdev.subsysType"]
    assert "vfio-pci" in node.run("qemu-system-x86_64", "-device", "help")


def test_the_network_comes_up_on_a_cable(node: Container) -> None:
    """A veth pair is the cable; its other end stays unmanaged and has an address of its own."""
    node.run("ip", "link", "add", "cable0", "type", "veth", "peer", "name", "wire0")
    try:
        node.run("nmcli", "device", "set", "wire0", "managed", "no")
        node.run("ip", "address", "add", "192.0.2.1/24", "dev", "wire0")
        node.run("ip", "link", "set", "wire0", "up")
        settings = [
            "ipv4.method",
            "manual",
            "ipv4.addresses",
            "192.0.2.10/24",
            "ipv4.may-fail",
            "no",
        ]
        argv = ["connection", "add", "type", "ethernet", "con-name", "test", "ifname", "cable0"]
        node.run("nmcli", *argv, *settings, "ipv6.method", "disabled")
        node.run("nmcli", "--wait", "30", "connection", "up", "test")
        assert "192.0.2.10/24" in node.run("ip", "-brief", "address", "show", "cable0")
        assert "cable0" in node.run("nodectl", "facts", "--json")
    finally:
        node.attempt("nmcli", "connection", "delete", "test")
        node.attempt("ip", "link", "delete", "cable0")


def test_fixed_system_ids(rootfs: Path) -> None:
    words = (rootfs / "etc/passwd").read_text() + (rootfs / "etc/group").read_text()
    for name, number in (("node-viewer", 960), ("node-operator", 961), ("node-admin", 962)):
        assert f"{name}:x:{number}:" in words
    assert "node-console:x:963:" in words
    assert "admin:x:1000:" in words


def test_the_console_draws_in_a_terminal(node: Container) -> None:
    """The UI inside tmux, as on a serial line: its first frame shows the host name."""
    tmux = ("runuser", "-u", "node-console", "--", "tmux", "-L", "test")
    node.run(*tmux, "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "node-tui")
    try:
        deadline = time.monotonic() + 20
        while "node1" not in (shown := node.run(*tmux, "capture-pane", "-p")):
            assert time.monotonic() < deadline, shown
            time.sleep(0.1)
    finally:
        node.attempt(*tmux, "kill-server")
