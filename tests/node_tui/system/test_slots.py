"""The slots as facts, and the mark of the one that proved itself, over real state files."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from node_tui.plan.boot_state import BootState, fresh_state
from node_tui.system import boot_state
from node_tui.system.boot_state import Copies
from node_tui.system.slots import SECONDS_BELIEVED, SlotKeeper
from persist.errors import StepError
from plugins.api.facts import Slot, SlotName, Slots


class FolderStore:
    """The state files in a folder instead of on an ESP."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reads = 0
        folder.mkdir(parents=True)
        boot_state.create(folder, fresh_state("A"))

    def read(self) -> Copies:
        self.reads += 1
        return boot_state.read(self.folder)

    def change(self, change: Callable[[BootState], BootState]) -> BootState:
        return boot_state.write(self.folder, change)

    def repair(self, booted: SlotName) -> tuple[str, ...]:
        return boot_state.repair(self.folder, booted)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/os-release").write_text("VERSION_ID=1.2.0\nIMAGE_ID=node-minimal\n")
    start(tmp_path, "installed", "A")
    return tmp_path


@pytest.fixture
def store(root: Path) -> FolderStore:
    return FolderStore(root / "esp")


def start(root: Path, mode: str, slot: str | None) -> None:
    (root / "run/node").mkdir(parents=True, exist_ok=True)
    (root / "run/node/boot.json").write_text(json.dumps({"mode": mode, "slot": slot}))


def test_slots_of_a_new_installation(root: Path, store: FolderStore) -> None:
    slots = SlotKeeper(root, store).read()
    assert slots == Slots(
        booted="A",
        active="A",
        good="A",
        slots=(
            Slot(
                name="A",
                device="/dev/node/slot-a",
                mark="try3",
                version="1.2.0",
                booted=True,
                active=True,
            ),
            Slot(name="B", device="/dev/node/slot-b", mark="empty"),
        ),
    )


def test_the_booted_slot_is_marked_good_durably(root: Path, store: FolderStore) -> None:
    keeper = SlotKeeper(root, store)
    keeper.read()

    assert keeper.mark_booted_good() == "Slot A is good."

    assert keeper.read().slots[0].mark == "good"
    assert SlotKeeper(root, store).read().slots[0].mark == "good"


def test_marking_again_writes_nothing(root: Path, store: FolderStore) -> None:
    keeper = SlotKeeper(root, store)
    keeper.mark_booted_good()
    before = [(store.folder / name).read_bytes() for name in boot_state.NAMES]
    keeper.mark_booted_good()
    assert [(store.folder / name).read_bytes() for name in boot_state.NAMES] == before


def test_a_damaged_copy_is_told_and_mended(root: Path, store: FolderStore) -> None:
    (store.folder / "state1").write_bytes(b"x" * 512)
    keeper = SlotKeeper(root, store)
    assert keeper.read().problem == "Damaged copy of the boot state: state1."
    keeper.repair()
    assert keeper.read().problem == ""


def test_a_lost_state_is_made_anew_from_what_runs(root: Path, store: FolderStore) -> None:
    for name in boot_state.NAMES:
        (store.folder / name).unlink()
    start(root, "installed", "B")
    keeper = SlotKeeper(root, store)
    assert keeper.read().problem == "Neither copy of the boot state is whole."
    assert keeper.mark_booted_good() == "Slot B is good."
    slots = keeper.read()
    assert (slots.active, slots.good, slots.slots[1].mark) == ("B", "B", "good")


@pytest.mark.parametrize("mode", ["live", "stateless"])
def test_a_medium_has_no_slots(root: Path, store: FolderStore, mode: str) -> None:
    start(root, mode, None)
    keeper = SlotKeeper(root, store)
    assert keeper.read() == Slots()
    keeper.repair()
    assert "no slot to mark" in keeper.mark_booted_good()
    assert store.reads == 0


def test_looking_often_reads_seldom(root: Path, store: FolderStore) -> None:
    now = 0.0
    keeper = SlotKeeper(root, store, lambda: now)
    for _look in range(20):
        keeper.read()
    assert store.reads == 1
    keeper.read(fresh=True)
    now += SECONDS_BELIEVED + 1
    keeper.read()
    assert store.reads == 3


def test_a_disk_that_refuses_is_an_error(root: Path, store: FolderStore) -> None:
    def refuse(_change: object) -> BootState:
        raise StepError("read-only", "replace the disk")

    store.change = refuse  # type: ignore[method-assign, assignment]
    with pytest.raises(StepError, match="read-only"):
        SlotKeeper(root, store).mark_booted_good()
