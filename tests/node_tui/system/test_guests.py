"""Guests: counted from files while none runs, asked of libvirt once when some do."""

from pathlib import Path

import pytest

from node_tui.system import guest_probe
from node_tui.system.guests import SECONDS_BELIEVED, GuestWatch, ask_libvirt
from persist.errors import DependencyError, NodeError
from plugins.api.facts import Guests


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("etc/libvirt/qemu", "run/libvirt/qemu"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("a", "b"):
        (tmp_path / f"etc/libvirt/qemu/{name}.xml").touch()
    return tmp_path


def test_an_idle_node_does_not_wake_libvirt(root: Path) -> None:
    def wake() -> Guests:
        raise AssertionError

    assert GuestWatch(root, wake).count() == Guests(running=0, stopped=2)


def test_libvirt_is_asked_when_something_changed(root: Path) -> None:
    asked = []
    now = 0.0

    def ask() -> Guests:
        asked.append(now)
        return Guests(running=1, stopped=1)

    watch = GuestWatch(root, ask, lambda: now)
    (root / "run/libvirt/qemu/a.xml").touch()
    for _look in range(10):
        assert watch.count() == Guests(running=1, stopped=1)
    assert len(asked) == 1
    (root / "run/libvirt/qemu/b.xml").touch()
    watch.count()
    assert len(asked) == 2
    now += SECONDS_BELIEVED + 1
    watch.count()
    assert len(asked) == 3


def probe(monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        f"from node_tui.system import guest_probe; guest_probe.URI = {uri!r};"
        "sys.exit(guest_probe.main())"
    )
    monkeypatch.setattr("node_tui.system.guests.PROBE", code)


def test_an_answer_comes_from_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test driver of libvirt has one guest that runs, and needs no daemon."""
    probe(monkeypatch, "test:///default")
    assert ask_libvirt() == Guests(running=1, stopped=0, names=("test",))


def test_a_libvirt_that_refuses_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    probe(monkeypatch, "nonsense:///system")
    with pytest.raises(NodeError, match=r"libvirt does not answer: [A-Z]"):
        ask_libvirt()


def test_an_image_without_libvirt_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "node_tui.system.guests.PROBE", f"import sys; sys.exit({guest_probe.NO_LIBRARY})"
    )
    with pytest.raises(DependencyError, match="libvirt is not part of this image"):
        ask_libvirt()


def test_a_libvirt_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node_tui.system.guests.PROBE", "import time; time.sleep(30)")
    monkeypatch.setattr("node_tui.system.guests.SECONDS_TO_ANSWER", 0.3)
    with pytest.raises(NodeError, match="did not end within"):
        ask_libvirt()
