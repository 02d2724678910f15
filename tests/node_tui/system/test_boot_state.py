"""The two copies on the ESP: what a write touches, and what damage costs."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from node_tui.plan.boot_state import BootState, mark_active, mark_bad, mark_good
from node_tui.plan.environment_block import format_block
from node_tui.system import boot_state
from node_tui.system.boot_state import Copies, create, locked, read, repair, write
from persist.errors import StepError, VerificationError

STATE = BootState(gen=0, active="A", good="A", a="good", b="bad")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create(tmp_path, STATE)
    return tmp_path


def test_a_new_esp_has_two_equal_copies(folder: Path) -> None:
    assert read(folder) == Copies(STATE, STATE)
    assert [(folder / name).stat().st_size for name in boot_state.NAMES] == [512, 512]


def test_writes_take_turns_and_leave_the_other_copy_alone(folder: Path) -> None:
    paths = [folder / name for name in boot_state.NAMES]
    for number, change in enumerate((mark_active, mark_good, mark_bad, mark_active)):
        before = [path.read_bytes() for path in paths]
        inodes = [path.stat().st_ino for path in paths]
        state = write(folder, lambda state, change=change: change(state, "B"))  # type: ignore[misc]
        after = [path.read_bytes() for path in paths]
        older = 1 if number % 2 == 0 else 0
        assert read(folder).state == state
        assert after[1 - older] == before[1 - older]
        assert after[older] != before[older]
        # In place: GRUB and rename on FAT do not go together.
        assert [path.stat().st_ino for path in paths] == inodes


def test_a_change_that_changes_nothing_writes_nothing(folder: Path) -> None:
    before = [(folder / name).stat().st_mtime_ns for name in boot_state.NAMES]
    assert write(folder, lambda state: mark_good(state, "A")) == STATE
    assert [(folder / name).stat().st_mtime_ns for name in boot_state.NAMES] == before


def test_the_new_copy_is_one_write_that_waits_for_the_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[int, int]] = []
    flags: list[int] = []
    true_open, true_pwrite = os.open, os.pwrite

    def spied_open(path: Path, flag: int, mode: int = 0o777) -> int:
        flags.append(flag)
        return true_open(path, flag, mode)

    def spied_pwrite(descriptor: int, content: bytes, offset: int) -> int:
        calls.append((len(content), offset))
        return true_pwrite(descriptor, content, offset)

    monkeypatch.setattr(os, "open", spied_open)
    monkeypatch.setattr(os, "pwrite", spied_pwrite)
    write(folder, lambda state: mark_active(state, "B"))
    assert calls == [(512, 0)]
    assert all(flag & os.O_DSYNC for flag in flags if flag & os.O_RDWR)
    assert not any(flag & os.O_TRUNC for flag in flags)


@pytest.mark.parametrize("damage", [b"", bytes(512), b"x" * 512, format_block("state", "nonsense")])
@pytest.mark.parametrize("copy", [0, 1])
def test_one_damaged_copy_is_made_whole_again(folder: Path, copy: int, damage: bytes) -> None:
    (folder / boot_state.NAMES[copy]).write_bytes(damage)
    assert read(folder).state == STATE
    assert read(folder).damaged == (boot_state.NAMES[copy],)
    assert repair(folder, "B") == (boot_state.NAMES[copy],)
    assert read(folder) == Copies(STATE, STATE)
    assert [(folder / name).stat().st_size for name in boot_state.NAMES] == [512, 512]


def test_a_missing_copy_is_made_again(folder: Path) -> None:
    (folder / "state1").unlink()
    assert repair(folder, "A") == ("state1",)
    assert read(folder) == Copies(STATE, STATE)


def test_a_copy_of_the_wrong_size_is_made_again(folder: Path) -> None:
    (folder / "state0").write_bytes(format_block("state", str(STATE), size=1024))
    assert read(folder) == Copies(STATE, STATE)
    assert repair(folder, "A") == ("state0",)
    assert (folder / "state0").stat().st_size == 512


def test_without_any_copy_the_state_is_made_from_what_runs(folder: Path) -> None:
    for name in boot_state.NAMES:
        (folder / name).write_bytes(b"")
    assert repair(folder, "B") == boot_state.NAMES
    assert read(folder).state == BootState(gen=0, active="B", good="B", a="bad", b="good")


def test_whole_copies_are_not_repaired(folder: Path) -> None:
    assert repair(folder, "B") == ()


def test_without_any_copy_nothing_is_changed(folder: Path) -> None:
    for name in boot_state.NAMES:
        (folder / name).unlink()
    with pytest.raises(StepError, match="Neither copy"):
        write(folder, lambda state: replace(state, active="B"))


def test_a_disk_that_loses_writes_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "pwrite", lambda *_arguments: 512)
    with pytest.raises(VerificationError, match=r"reads back as 0\.A\.A\.good\.bad\.0"):
        write(folder, lambda state: mark_active(state, "B"))


def test_a_disk_that_became_read_only_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "pwrite", refuse)
    with pytest.raises(StepError, match=r"state1 cannot be written: Read-only file system"):
        write(folder, lambda state: mark_active(state, "B"))
    assert read(folder).state == STATE


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    entered = threading.Event()
    lock = tmp_path / "run" / "lock"

    def second() -> None:
        with locked(lock):
            entered.set()

    other = threading.Thread(target=second)
    with locked(lock):
        other.start()
        assert not entered.wait(0.2)
    assert entered.wait(5)
    other.join()
