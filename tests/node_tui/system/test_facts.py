"""Facts from a folder that looks like a machine, and what a source that fails does to the rest."""

import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from node_tui.system.boot_mode import MARKER, SECURE_BOOT, is_secure_boot, read_boot, read_firmware
from node_tui.system.facts import FactsReader
from node_tui.system.network import KernelAddresses, read_links
from node_tui.system.release import read_release, read_signer
from node_tui.system.slots import SlotKeeper
from node_tui.system.sources import SECONDS_OF_PATIENCE, SECONDS_TO_TRY_AGAIN, Sources
from node_tui.system.ssh import is_open, read_host_keys
from node_tui.system.usage import CpuMeter, read_memory, read_uptime
from persist.errors import NodeError, PlanError
from plugins.api.facts import Link, Usage

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGQw5uSH9dx1c8WT2BcbTEkc7h5cBhPzhSSjHmNDtT4G x\n"


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def test_product_and_variant(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "usr/lib/os-release": 'NAME="Node"\nID=node\nVERSION_ID="1.2.0"\n# c\n'
            "IMAGE_ID=node-hypervisor\n",
            "usr/lib/node/manifest.json": json.dumps({"key": "development"}),
        },
    )
    release = read_release(tmp_path)
    assert (release.product, release.version, release.variant) == ("Node", "1.2.0", "hypervisor")
    assert read_signer(tmp_path) == "development key: not for production"


def test_the_mark_of_the_initramfs(tmp_path: Path) -> None:
    marker = {"mode": "installed", "slot": "A", "source": "disk", "config": "ok", "new": 1}
    write(tmp_path, {"run/node/boot.json": json.dumps(marker)})
    boot = read_boot(tmp_path)
    assert (boot.mode, boot.slot, boot.config, boot.bundle) == ("installed", "A", "ok", None)


def test_a_marker_that_repeats_odd_bytes_of_the_command_line_is_read(tmp_path: Path) -> None:
    (tmp_path / "run/node").mkdir(parents=True)
    (tmp_path / MARKER).write_bytes(b'{"mode": "live", "source": "http://x/\xff.raucb"}')
    assert read_boot(tmp_path).source == "http://x/\N{REPLACEMENT CHARACTER}.raucb"


@pytest.mark.parametrize("content", ["", "{}", '{"mode": "flying"}', "[1]"])
def test_a_damaged_mark_is_said(tmp_path: Path, content: str) -> None:
    write(tmp_path, {"run/node/boot.json": content})
    with pytest.raises(PlanError, match=r"boot\.json cannot be read"):
        read_boot(tmp_path)


def test_firmware_and_secure_boot(tmp_path: Path) -> None:
    assert (read_firmware(tmp_path), is_secure_boot(tmp_path)) == ("bios", False)
    (tmp_path / SECURE_BOOT).parent.mkdir(parents=True)
    (tmp_path / SECURE_BOOT).write_bytes(b"\x06\0\0\0\x01")
    assert (read_firmware(tmp_path), is_secure_boot(tmp_path)) == ("uefi", True)
    (tmp_path / SECURE_BOOT).write_bytes(b"\x06\0\0\0\0")
    assert not is_secure_boot(tmp_path)


def test_load(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "proc/stat": "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3\n",
            "proc/meminfo": "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    400 kB\n",
            "proc/uptime": "83.12 100.0\n",
        },
    )
    cpu = CpuMeter(tmp_path)
    assert cpu.read() == Usage(used=20, total=100)
    write(tmp_path, {"proc/stat": "cpu  175 0 100 725 100 0 0 0 0 0\n"})
    assert cpu.read() == Usage(used=75, total=100)
    assert cpu.read() == Usage(used=0, total=100)
    assert read_memory(tmp_path) == Usage(used=600 * 1024, total=1000 * 1024)
    assert read_uptime(tmp_path) == 83


def test_host_keys_as_ssh_keygen_prints_them(tmp_path: Path) -> None:
    write(tmp_path, {"etc/ssh/ssh_host_ed25519_key.pub": PUBLIC_KEY})
    (key,) = read_host_keys(tmp_path)
    assert key.kind == "ed25519"
    # ssh-keygen -lf on that line
    assert key.fingerprint == "SHA256:kV4oN1M2HNPGV+IoqlJ7nldOmcCDdNg1ZXnnZxyNLMA"


def test_ssh_is_open_when_something_listens_on_its_port(tmp_path: Path) -> None:
    head = "  sl  local_address rem_address   st tx_queue\n"
    write(
        tmp_path,
        {
            "proc/net/tcp": head + "   0: 0100007F:0016 0200007F:1F90 01 0\n",
            "proc/net/tcp6": head,
        },
    )
    assert not is_open(tmp_path)
    write(tmp_path, {"proc/net/tcp6": head + "   0: 0000:0016 0000:0000 0A 0\n"})
    assert is_open(tmp_path)


class FakeAddresses:
    def of_link(self, name: str) -> tuple[str, ...]:
        return {"eno1": ("192.0.2.5/24",)}.get(name, ())

    def gateways(self) -> dict[str, tuple[str, ...]]:
        return {"eno1": ("192.0.2.1",)}


def test_links(tmp_path: Path) -> None:
    links = "sys/class/net"
    write(
        tmp_path,
        {
            f"{links}/lo/type": "772\n",
            f"{links}/eno1/type": "1\n",
            f"{links}/eno1/address": "52:54:00:00:00:01\n",
            f"{links}/eno1/carrier": "1\n",
            f"{links}/eno1/speed": "10000\n",
            f"{links}/eno2/type": "1\n",
            f"{links}/eno2/speed": "-1\n",
            f"{links}/mgmt/type": "1\n",
            f"{links}/mgmt/uevent": "INTERFACE=mgmt\nDEVTYPE=vlan\n",
        },
    )
    driver = tmp_path / links / "eno1/device/driver"
    driver.parent.mkdir()
    driver.symlink_to("../../drivers/ixgbe")
    eno1, eno2, mgmt = read_links(tmp_path, FakeAddresses())
    assert eno1 == Link(
        name="eno1",
        mac="52:54:00:00:00:01",
        driver="ixgbe",
        carrier=True,
        speed=10000,
        addresses=("192.0.2.5/24",),
        gateways=("192.0.2.1",),
    )
    assert (eno2.carrier, eno2.speed, eno2.kind) == (False, None, "ethernet")
    assert mgmt.kind == "vlan"


def test_a_speed_that_the_driver_does_not_know_is_none(tmp_path: Path) -> None:
    for number, speed in enumerate(("-1", "0", "4294967295", "", "100")):
        folder = f"sys/class/net/eno{number}"
        write(tmp_path, {f"{folder}/type": "1\n", f"{folder}/speed": f"{speed}\n"})
    speeds = [link.speed for link in read_links(tmp_path, FakeAddresses())]
    assert speeds == [None, None, None, None, 100]


def test_a_link_that_went_away_has_no_addresses() -> None:
    assert KernelAddresses().of_link("gone0") == ()


def test_a_failing_source_leaves_the_others_alone(caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> dict[str, Any]:
        raise NodeError("libvirt does not answer", "hint")

    def miss() -> dict[str, Any]:
        return {"x": Path("/no/such/file").read_text()}

    def stumble() -> dict[str, Any]:
        raise KeyError("bug")

    sources = Sources(
        {"good": lambda: {"uptime": 7}, "refuse": refuse, "miss": miss, "stumble": stumble},
        seconds=5,
    )
    fields, missing = sources.ask()
    assert fields == {"uptime": 7}
    assert [(gap.source, gap.reason) for gap in missing] == [
        ("refuse", "libvirt does not answer"),
        ("miss", "/no/such/file: No such file or directory"),
        ("stumble", "KeyError: 'bug'"),
    ]
    assert "the source stumble failed" in caplog.text


def test_a_failure_is_believed_for_a_while() -> None:
    now = 100.0
    calls = []

    def fail() -> dict[str, Any]:
        calls.append(now)
        raise NodeError("no ESP")

    sources = Sources({"slots": fail}, seconds=5, clock=lambda: now)
    for _look in range(10):
        assert sources.ask()[1][0].reason == "no ESP"
        now += 1
    assert calls == [100]
    now += SECONDS_TO_TRY_AGAIN
    sources.ask()
    assert len(calls) == 2


def test_a_source_that_hangs_costs_its_line_and_one_thread() -> None:
    hang = threading.Event()
    calls = []

    def slow() -> dict[str, Any]:
        calls.append(1)
        hang.wait(10)
        return {"late": 1}

    now = 100.0
    sources = Sources(
        {"slow": slow, "good": lambda: {"uptime": 7}}, seconds=0.05, clock=lambda: now
    )
    for _look in range(3):
        began = time.monotonic()
        fields, missing = sources.ask()
        assert time.monotonic() - began < 2
        assert fields == {"uptime": 7}
        assert [(gap.reason, gap.pending) for gap in missing] == [("not known yet", True)]
    now += SECONDS_OF_PATIENCE + 5
    missing = sources.ask()[1]
    assert [(gap.reason, gap.pending) for gap in missing] == [("no answer for 70 s", False)]
    assert len(calls) == 1
    hang.set()
    deadline = time.monotonic() + 5
    while "late" not in sources.ask()[0]:
        assert time.monotonic() < deadline


def test_what_was_known_stands_while_a_source_looks_again() -> None:
    """A disk that is plugged in has all disks read anew: they do not vanish meanwhile."""
    go = threading.Event()
    go.set()
    now = 100.0
    answers = [{"disks": 1}, {"disks": 2}]

    def look() -> dict[str, Any]:
        assert go.wait(10)
        return answers.pop(0)

    sources = Sources({"disks": look}, seconds=0.5, clock=lambda: now)
    assert sources.ask() == ({"disks": 1}, ())
    go.clear()
    assert sources.ask() == ({"disks": 1}, ())
    now += SECONDS_OF_PATIENCE + 5
    assert [gap.reason for gap in sources.ask()[1]] == ["no answer for 70 s"]
    go.set()
    deadline = time.monotonic() + 5
    while sources.ask()[0] != {"disks": 2}:
        assert time.monotonic() < deadline


def test_facts_of_this_machine(tmp_path: Path) -> None:
    """The reader works on any Linux: what is no node's shows as unavailable, with a reason."""
    facts = FactsReader(SlotKeeper(), Path("/"), seconds=10).read()
    assert facts.hostname
    assert facts.memory
    assert facts.memory.total > 0
    assert all(gap.reason for gap in facts.unavailable)
    empty = FactsReader(SlotKeeper(tmp_path), tmp_path, seconds=10).read()
    assert {"release", "boot", "load", "links"} <= {gap.source for gap in empty.unavailable}


def test_a_plan_waits_for_what_it_needs() -> None:
    """The first facts of a slow machine have gaps; a plan made of them would be wrong."""
    go = threading.Event()

    def slow() -> dict[str, Any]:
        assert go.wait(10)
        return {"boot_mode": "installed"}

    reader = FactsReader(SlotKeeper(), Path("/"))
    reader._sources = Sources({"boot": slow, "disks": dict}, seconds=0.01)
    assert reader.read().boot_mode == "live"
    timer = threading.Timer(0.3, go.set)
    timer.start()
    assert reader.read_for_a_plan().boot_mode == "installed"
    timer.join()


def test_no_plan_rests_on_what_is_not_known(tmp_path: Path) -> None:
    reader = FactsReader(SlotKeeper(tmp_path), tmp_path, seconds=10)
    with pytest.raises(PlanError, match=r"boot of this machine is not known: .*boot\.json is miss"):
        reader.read_for_a_plan()
