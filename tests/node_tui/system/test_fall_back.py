"""Only an unproven slot is left when a boot does not complete."""

import pytest

from node_tui.plan.boot_state import BootState, fresh_state
from node_tui.system import fall_back
from node_tui.system.boot_mode import Boot
from node_tui.system.boot_state import Copies
from node_tui.system.fall_back import is_unproven
from persist.errors import StepError
from plugins.api.facts import SlotMark, SlotName


def copies(mark: SlotMark) -> Copies:
    state = fresh_state("A").marked("A", mark)
    return Copies(state, state)


@pytest.mark.parametrize("mark", ["try3", "try2", "try1", "bad"])
def test_a_slot_that_counts_down_is_unproven(mark: SlotMark) -> None:
    assert is_unproven("A", lambda: copies(mark))


def test_a_good_slot_stays_whatever_the_other_is() -> None:
    assert not is_unproven("A", lambda: copies("good"))


def test_the_slot_that_runs_counts_and_not_the_one_that_should() -> None:
    state = BootState(gen=0, active="B", good="A", a="good", b="bad")
    assert not is_unproven("A", lambda: Copies(state, state))
    assert is_unproven("B", lambda: Copies(state, state))


def test_without_a_state_the_machine_stays_up() -> None:
    assert not is_unproven("A", lambda: Copies(None, None))


@pytest.mark.parametrize(
    ("slot", "state", "asked", "text"),
    [
        ("A", copies("try1"), ["reboot"], "slot A did not prove itself: restarting"),
        ("A", copies("good"), [], "this boot did not complete; slot A proved itself before"),
        (None, copies("try1"), [], "this boot did not complete; it comes from no slot"),
    ],
)
def test_what_is_done_and_said(
    slot: SlotName | None,
    state: Copies,
    asked: list[str],
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    actions: list[str] = []
    monkeypatch.setattr(fall_back, "read_boot", lambda _root: Boot(mode="installed", slot=slot))
    monkeypatch.setattr(fall_back.BootStateStore, "read", lambda _self: state)
    monkeypatch.setattr(fall_back.Power, "act", lambda _self, action: actions.append(action))
    assert fall_back.main() == 0
    assert actions == asked
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [StepError("/dev/node/esp cannot be mounted"), OSError(5, "/run/node cannot be mounted")],
    ids=["step", "system"],
)
def test_an_unreadable_esp_does_not_reboot(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(self: object) -> Copies:
        raise error

    monkeypatch.setattr(fall_back, "read_boot", lambda _root: Boot(mode="installed", slot="A"))
    monkeypatch.setattr(fall_back.BootStateStore, "read", refuse)
    assert fall_back.main() == 1
    assert "cannot be mounted" in capsys.readouterr().err
