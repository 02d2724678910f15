"""Which checks run where, how long they are believed, and when a slot is marked good."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from node_tui.system import health as health_module
from node_tui.system.health import (
    SECONDS_BELIEVED,
    SECONDS_OF_NOW,
    SECONDS_TO_TRY_AGAIN,
    HealthReader,
)
from node_tui.system.health_config import ConfigFaultError, check_config
from node_tui.system.health_restore import RestoreFaultError, check_restore
from persist.errors import NodeError, PlanError
from persist.store import save_generation
from plugins.api.facts import Guests, Health


class FakeSlots:
    def __init__(self) -> None:
        self.marked = 0

    def mark_booted_good(self) -> str:
        self.marked += 1
        return "Slot A is good."


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "run/node").mkdir(parents=True)
    (tmp_path / "config").mkdir()
    (tmp_path / "sys/class/net").mkdir(parents=True)
    become(tmp_path, "live", "minimal")
    (tmp_path / "run/node/config.toml").write_text("version = 1\n[network]\nlinks = []\n")
    return tmp_path


def become(root: Path, mode: str, variant: str, config: str = "ok") -> None:
    (root / "usr/lib/os-release").write_text(f"VERSION_ID=1.2.0\nIMAGE_ID=node-{variant}\n")
    boot = {"mode": mode, "slot": "A" if mode == "installed" else None, "config": config}
    (root / "run/node/boot.json").write_text(json.dumps(boot))


def reader(root: Path, clock: Clock | None = None, slots: FakeSlots | None = None) -> HealthReader:
    known: Any = slots or FakeSlots()
    return HealthReader(known, root, clock or Clock())


def names(checks: HealthReader) -> list[str]:
    return [check.name for check in checks.run(fresh=True).checks]


def test_the_checks_fit_the_image_and_the_boot(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "ask_libvirt", lambda: Guests(running=2))
    assert names(reader(root)) == ["engine", "network", "restore"]
    become(root, "live", "hypervisor")
    assert names(reader(root)) == ["engine", "network", "restore", "libvirt"]
    become(root, "installed", "minimal")
    assert names(reader(root)) == ["engine", "network", "restore", "config"]


def settled(checks: HealthReader) -> Health:
    """Look as a status page does, and let what that started in the background end."""
    checks.run(fresh=False)
    for running in checks._running.values():
        running.result(10)
    return checks.run(fresh=False)


def test_libvirt_is_not_kept_awake_by_those_who_look(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def ask() -> Guests:
        asked.append(1)
        return Guests(running=2)

    monkeypatch.setattr(health_module, "ask_libvirt", ask)
    become(root, "live", "hypervisor")
    clock = Clock()
    checks = reader(root, clock)
    for _look in range(10):
        assert settled(checks).checks[-1].message == "answers, 2 guests run"
    assert len(asked) == 1
    checks.run(fresh=True)
    assert len(asked) == 2
    clock.now += SECONDS_BELIEVED["libvirt"] + 1
    settled(checks)
    assert len(asked) == 3


def test_a_slow_libvirt_holds_up_nobody_who_only_looks(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang = threading.Event()
    asked = []

    def ask() -> Guests:
        asked.append(1)
        assert hang.wait(10)
        return Guests()

    monkeypatch.setattr(health_module, "ask_libvirt", ask)
    become(root, "live", "hypervisor")
    checks = reader(root)
    for _look in range(5):
        assert [check.name for check in checks.run(fresh=False).checks] == [
            "engine",
            "network",
            "restore",
        ]
    hang.set()
    assert settled(checks).checks[-1].name == "libvirt"
    assert len(asked) == 1


def test_a_failure_is_tried_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Guests:
        raise NodeError("libvirt does not answer", "Reboot.")

    become(root, "live", "hypervisor")
    clock = Clock()
    checks = reader(root, clock)
    monkeypatch.setattr(health_module, "ask_libvirt", refuse)
    failed = settled(checks)
    assert not failed.healthy
    assert (failed.checks[-1].message, failed.checks[-1].hint) == (
        "libvirt does not answer",
        "Reboot.",
    )
    monkeypatch.setattr(health_module, "ask_libvirt", Guests)
    assert not settled(checks).healthy
    clock.now += SECONDS_TO_TRY_AGAIN + 1
    assert settled(checks).healthy


def test_a_healthy_slot_is_marked_and_another_is_not(root: Path) -> None:
    slots = FakeSlots()
    clock = Clock()
    checks = reader(root, clock, slots)
    assert checks.mark_good() == "Slot A is good."
    (root / "run/node/config.toml").unlink()
    clock.now += SECONDS_OF_NOW + 1
    with pytest.raises(PlanError, match=r"not marked good, network failed: .* is missing"):
        checks.mark_good()
    assert slots.marked == 1


def test_the_mark_does_not_run_again_what_just_ran(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def ask() -> Guests:
        asked.append(1)
        return Guests()

    monkeypatch.setattr(health_module, "ask_libvirt", ask)
    become(root, "live", "hypervisor")
    checks = reader(root)
    checks.run(fresh=True)
    checks.mark_good()
    assert len(asked) == 1


def test_config_that_is_no_mount_or_unreadable_fails(root: Path) -> None:
    become(root, "installed", "minimal")
    with pytest.raises(ConfigFaultError, match="is not mounted"):
        check_config(root)
    become(root, "installed", "minimal", "unreadable: bad superblock")
    with pytest.raises(ConfigFaultError, match="unreadable: bad superblock, defaults are in use"):
        check_config(root)


def test_config_needs_a_whole_generation(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_mount", lambda _path: True)
    become(root, "installed", "minimal")
    with pytest.raises(ConfigFaultError, match="no whole generation of slot A"):
        check_config(root)
    save_generation(root / "config", "A", "version = 1\n")
    assert check_config(root) == "generation 1"
    save_generation(root / "config", "A", "version = 1\n")
    newest = root / "config/a/000002.tar"
    newest.write_bytes(newest.read_bytes()[:-1] + b"x")
    assert check_config(root).startswith(f"generation 1, {newest} is not used: ")


RESTORES = [
    ({}, ""),
    ({"errors": [], "problems": [], "skipped": [], "generation": 3}, ""),
    (
        {"errors": [{"path": "time.ntp", "message": "time.ntp: bad", "hint": "Mend."}]},
        "time.ntp: bad",
    ),
    ({"problems": ["chrony: no template"], "skipped": ["2 is damaged"]}, "chrony.* .and 1 more"),
    ({"skipped": ["/config/a/000002.tar is not used"]}, "000002.tar is not used$"),
]


@pytest.mark.parametrize(("report", "words"), RESTORES)
def test_what_restore_could_not_do_is_shown_and_decides_nothing(
    root: Path, report: dict[str, object], words: str
) -> None:
    (root / "run/node/restore.json").write_text(json.dumps(report))
    health = reader(root).run(fresh=True)
    check = next(check for check in health.checks if check.name == "restore")
    assert check.passed == (not words)
    assert re.search(words or "in use", check.message)
    assert not check.required
    assert health.healthy


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_missing_or_damaged_report_is_said(root: Path, content: str) -> None:
    (root / "run/node/restore.json").write_text(content)
    with pytest.raises(RestoreFaultError, match="There is no report of the restore"):
        check_restore(root)


def test_a_check_that_stumbles_is_a_failed_check(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(_root: Path) -> str:
        raise ValueError("no such link: eno9")

    monkeypatch.setattr(health_module, "check_network", stumble)
    health = reader(root).run(fresh=True)
    assert not health.healthy
    assert [(check.name, check.passed) for check in health.checks][:2] == [
        ("engine", True),
        ("network", False),
    ]
    assert health.checks[1].message == "no such link: eno9"
    assert "the check network failed" in caplog.text


def test_many_who_want_it_fresh_share_a_look(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    asked = []

    def ask() -> Guests:
        asked.append(1)
        assert go.wait(10)
        return Guests()

    monkeypatch.setattr(health_module, "ask_libvirt", ask)
    become(root, "live", "hypervisor")
    checks = HealthReader(FakeSlots(), root)  # type: ignore[arg-type]
    with ThreadPoolExecutor(20) as pool:
        looks = [pool.submit(checks.run, fresh=True) for _caller in range(20)]
        go.set()
        assert all(look.result(10).healthy for look in looks)
    assert len(asked) <= 3
