"""RAUC's calls, as they were seen in a real installation, and what they do to the boot state."""

from collections.abc import Callable
from pathlib import Path

import pytest

from node_tui.plan.boot_state import BootState
from node_tui.system import boot_state, rauc_backend
from node_tui.system.boot_state import Copies
from node_tui.system.rauc_backend import Backend, booted_slot
from persist.errors import StepError


class Store:
    """The boot state in a plain folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self) -> Copies:
        return boot_state.read(self.folder)

    def change(self, change: Callable[[BootState], BootState]) -> BootState:
        return boot_state.write(self.folder, change)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    state = BootState(gen=0, active="A", good="A", a="good", b="good")
    boot_state.create(tmp_path, state)
    return Store(tmp_path)


@pytest.fixture
def backend(store: Store, tmp_path: Path) -> Backend:
    line = tmp_path / "cmdline"
    line.write_text("BOOT_IMAGE=/boot/vmlinuz root=PARTUUID=1 rauc.slot=A quiet\n")
    return Backend(store, line)


def test_an_installation_of_b(backend: Backend, store: Store) -> None:
    calls = ("get-primary", "get-state B", "set-state B bad", "get-state B", "set-primary B")
    said = [backend.answer(call.split()) for call in calls]
    assert said == ["A", "good", "", "bad", ""]
    assert backend.answer(["get-primary"]) == "B"
    assert backend.answer(["get-current"]) == "A"
    assert str(store.read().state) == "2.B.A.good.try3.2"
    backend.answer(["set-state", "B", "good"])
    assert str(store.read().state) == "0.B.B.good.good.0"


def test_a_slot_that_was_given_up_is_not_primary(backend: Backend, store: Store) -> None:
    boot_state.create(store.folder, BootState(gen=0, active="B", good="A", a="good", b="bad"))
    assert backend.answer(["get-primary"]) == "A"


@pytest.mark.parametrize("call", ["", "get-state", "get-state C", "set-state A maybe", "reboot"])
def test_calls_of_no_protocol_are_refused(backend: Backend, store: Store, call: str) -> None:
    before = store.read()
    with pytest.raises(StepError):
        backend.answer(call.split())
    assert store.read() == before


def test_without_a_state_rauc_gets_a_failure(backend: Backend, store: Store) -> None:
    for name in boot_state.NAMES:
        (store.folder / name).unlink()
    with pytest.raises(StepError, match="Neither copy"):
        backend.answer(["get-primary"])


def test_the_booted_slot_is_the_last_one_said() -> None:
    assert booted_slot("rauc.slot=A x rauc.slot=B") == "B"
    with pytest.raises(StepError, match=r"no rauc\.slot="):
        booted_slot("quiet")


def test_the_program_answers_and_fails_as_rauc_expects(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rauc_backend, "Backend", lambda _store: backend)
    monkeypatch.setattr("sys.argv", ["rauc-backend", "get-primary"])
    assert rauc_backend.main() == 0
    assert capsys.readouterr().out == "A\n"
    monkeypatch.setattr("sys.argv", ["rauc-backend", "get-state", "C"])
    assert rauc_backend.main() == 4
    assert "no slot 'C'" in capsys.readouterr().err
