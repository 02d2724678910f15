"""Generations on disk: order, damage, torn writes, a full partition, one writer."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from persist.errors import StepError
from persist.store import (
    StoredFile,
    config_lock,
    durable,
    find_generation,
    generation,
    line,
    list_generations,
    newest_generation,
    save_generation,
)
from persist.store.line import KEPT

KEY = StoredFile(path="/etc/ssh/ssh_host_ed25519_key", content=b"secret", mode=0o600)
CALLS = ("open", "fchmod", "write", "fsync", "replace", "ftruncate", "pwrite", "close")


def test_what_is_saved_is_found(tmp_path: Path) -> None:
    number = save_generation(tmp_path, "A", "version = 1\n", [KEY], {"version": "1.0.0"})
    found = newest_generation(tmp_path, "A")
    assert found is not None
    assert (number, found.number, found.slot) == (1, 1, "A")
    assert found.node_toml == "version = 1\n"
    assert found.files == (KEY,)
    assert found.meta == {"version": "1.0.0"}
    assert newest_generation(tmp_path, "B") is None


def test_numbers_are_global_over_both_lines(tmp_path: Path) -> None:
    numbers = [save_generation(tmp_path, slot, "version = 1\n") for slot in ("A", "B", "A")]
    assert numbers == [1, 2, 3]


def test_only_the_newest_five_of_a_line_are_kept(tmp_path: Path) -> None:
    save_generation(tmp_path, "B", "version = 1\n")
    for _ in range(KEPT + 3):
        save_generation(tmp_path, "A", "version = 1\n")
    assert [path.stem for path in list_generations(tmp_path, "A")] == [
        "000009", "000008", "000007", "000006", "000005",
    ]  # fmt: skip
    assert len(list_generations(tmp_path, "B")) == 1


def test_nobody_else_may_read_a_generation(tmp_path: Path) -> None:
    save_generation(tmp_path, "A", "version = 1\n")
    assert (tmp_path / "a/000001.tar").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("where", [0.0, 0.2, 0.5, 0.9, 0.9999])
def test_one_changed_byte_is_noticed_and_the_previous_counts(tmp_path: Path, where: float) -> None:
    save_generation(tmp_path, "A", "old = 1\n", [KEY])
    save_generation(tmp_path, "A", "new = 1\n", [KEY])
    newest = tmp_path / "a/000002.tar"
    content = bytearray(newest.read_bytes())
    content[int(len(content) * where)] ^= 0x20
    newest.write_bytes(content)
    found, skipped = find_generation(tmp_path, "A")
    assert found is not None
    assert found.number == 1
    assert [skip.path for skip in skipped] == [newest]
    assert "checksum is wrong" in str(skipped[0])


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 512, 4096])
def test_a_torn_generation_is_skipped(tmp_path: Path, length: int) -> None:
    save_generation(tmp_path, "A", "old = 1\n")
    save_generation(tmp_path, "A", "new = 1\n")
    newest = tmp_path / "a/000002.tar"
    newest.write_bytes(newest.read_bytes()[:length])
    found, skipped = find_generation(tmp_path, "A")
    assert found is not None
    assert found.number == 1
    assert len(skipped) == 1


def test_all_damaged_is_none_with_every_reason(tmp_path: Path) -> None:
    for _ in range(2):
        save_generation(tmp_path, "A", "version = 1\n")
    for path in list_generations(tmp_path, "A"):
        path.write_bytes(b"x" * 5000)
    found, skipped = find_generation(tmp_path, "A")
    assert found is None
    assert len(skipped) == 2


def test_a_renamed_generation_is_not_believed(tmp_path: Path) -> None:
    save_generation(tmp_path, "A", "version = 1\n")
    (tmp_path / "a/000001.tar").rename(tmp_path / "a/000009.tar")
    found, skipped = find_generation(tmp_path, "A")
    assert found is None
    assert "number 1" in str(skipped[0])


def test_a_number_is_not_used_again_after_damage(tmp_path: Path) -> None:
    save_generation(tmp_path, "A", "version = 1\n")
    (tmp_path / "a/000001.tar").write_bytes(b"")
    assert save_generation(tmp_path, "B", "version = 1\n") == 2


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_failing_disk_changes_nothing_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    save_generation(tmp_path, "A", "old = 1\n")

    def fail(*_arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as broken:
        broken.setattr(os, call, fail)
        with pytest.raises(StepError, match=os.strerror(code)):
            save_generation(tmp_path, "A", "new = 1\n")
    found = newest_generation(tmp_path, "A")
    assert found is not None
    assert found.node_toml == "old = 1\n"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["000001.tar"]
    assert save_generation(tmp_path, "A", "new = 1\n") == 2


def test_a_commit_costs_two_barriers_however_many_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_generation(tmp_path, "A", "version = 1\n")
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(fd), real(fd)))
    files = [StoredFile(path=f"/etc/{index}", content=b"x" * 1000) for index in range(200)]
    save_generation(tmp_path, "A", "version = 1\n", files)
    assert len(synced) == 2


def _kill_points(config: Path) -> Iterator[int]:
    """Save in a child that dies at its Nth system call of ours, for every N until it survives."""
    point = 0
    while True:
        point += 1
        child = os.fork()
        if child == 0:
            _save_and_die(config, point)
        _pid, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            return
        assert os.WTERMSIG(status) == signal.SIGKILL
        yield point


def _save_and_die(config: Path, point: int) -> None:
    left = point

    def dying(name: str) -> object:
        real = getattr(os, name)

        def call(*arguments: object, **options: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)

        return call

    for name in CALLS:
        setattr(os, name, dying(name))
    try:
        save_generation(config, "A", "new = 1\n", [KEY])
    except BaseException:
        os._exit(1)
    os._exit(0)


def test_killed_at_any_call_the_old_or_the_new_stands(tmp_path: Path) -> None:
    save_generation(tmp_path, "A", "old = 1\n")
    seen: set[str] = set()
    deaths = 0
    for deaths in _kill_points(tmp_path):  # noqa: B007 - the last one is asserted
        found, skipped = find_generation(tmp_path, "A")
        assert found is not None
        assert not skipped
        seen.add(found.node_toml)
    assert deaths >= 10
    assert seen == {"old = 1\n", "new = 1\n"}
    save_generation(tmp_path, "A", "after = 1\n")
    assert not list((tmp_path / "a").glob(".*.new"))


def test_what_a_cut_left_behind_goes_with_the_next_save(tmp_path: Path) -> None:
    save_generation(tmp_path, "A", "version = 1\n")
    (tmp_path / "a/.000002.tar.new").write_bytes(b"half")
    save_generation(tmp_path, "B", "version = 1\n")
    save_generation(tmp_path, "A", "version = 1\n")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["000001.tar", "000003.tar"]


def test_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    holding = (
        "import sys, time, pathlib; from persist.store import config_lock\n"
        "with config_lock(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", holding, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StepError, match=f"process {holder.pid}"), config_lock(tmp_path, wait=0):
            pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    with config_lock(tmp_path, wait=0):
        pass


def test_a_write_survives_interrupted_short_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, content: real(fd, content[:100]))
    save_generation(tmp_path, "A", "version = 1\n", [KEY])
    found = newest_generation(tmp_path, "A")
    assert found is not None
    assert found.files == (KEY,)


def test_a_directory_that_cannot_be_synced_leaves_the_old_one_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_generation(tmp_path, "A", "old = 1\n")

    def fail(_directory: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(durable, "sync_directory", fail)
        with pytest.raises(StepError, match="the config was not saved"):
            save_generation(tmp_path, "A", "new = 1\n")
    found = newest_generation(tmp_path, "A")
    assert found is not None
    assert found.node_toml == "old = 1\n"


def test_what_could_not_be_read_back_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_generation(tmp_path, "A", "old = 1\n")
    monkeypatch.setattr(line, "LARGEST", 20_000)
    with pytest.raises(StepError, match="it would be larger than 20kB"):
        save_generation(tmp_path, "A", "new = 1\n", [StoredFile(path="/x", content=b"x" * 20_000)])
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["000001.tar"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_partition_does_not_keep_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "pwrite", fail)
    with config_lock(tmp_path, wait=0):
        pass


@pytest.mark.parametrize("kind", ["pipe", "link", "directory", "device"])
def test_what_is_no_file_is_skipped_without_waiting(tmp_path: Path, kind: str) -> None:
    save_generation(tmp_path, "A", "old = 1\n")
    strange = tmp_path / "a/000002.tar"
    make: dict[str, Callable[[], object]] = {
        "pipe": lambda: os.mkfifo(strange),
        "link": lambda: strange.symlink_to("000001.tar"),
        "directory": strange.mkdir,
        "device": lambda: strange.symlink_to("/dev/zero"),
    }
    make[kind]()
    found, skipped = find_generation(tmp_path, "A")
    assert found is not None
    assert found.number == 1
    assert [skip.path for skip in skipped] == [strange]


def test_one_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_generation(tmp_path, "A", "version = 1\n")
    monkeypatch.setattr(generation, "LARGEST", 5000)
    assert "too large" in str(find_generation(tmp_path, "A")[1][0])


def test_the_first_save_makes_its_directory_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(durable, "sync_directory", synced.append)
    save_generation(tmp_path, "A", "version = 1\n")
    assert synced == [tmp_path, tmp_path / "a"]


def test_the_mode_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        durable.write_durably(tmp_path / "x", b"", 0o644)
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o644


def test_a_link_to_a_whole_generation_is_not_followed(tmp_path: Path) -> None:
    save_generation(tmp_path, "A", "version = 1\n")
    (tmp_path / "a/000001.tar").rename(tmp_path / "elsewhere")
    (tmp_path / "a/000001.tar").symlink_to("../elsewhere")
    assert newest_generation(tmp_path, "A") is None


@pytest.fixture
def small_partition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A partition of 40,000 bytes."""
    real = os.write

    def free() -> int:
        return 40_000 - sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())

    def write(descriptor: int, content: bytes) -> int:
        if len(content) > free():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, content)

    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=free()))
    return tmp_path


def test_a_full_partition_gives_up_the_oldest_generations(small_partition: Path) -> None:
    for number in range(1, 8):
        assert save_generation(small_partition, "A", "version = 1\n") == number
    assert len(list_generations(small_partition, "A")) < KEPT


def test_one_that_will_never_fit_costs_no_old_generation(small_partition: Path) -> None:
    for _ in range(3):
        save_generation(small_partition, "A", "version = 1\n")
    large = StoredFile(path="/x", content=b"x" * 50_000)
    with pytest.raises(StepError, match="No space left"):
        save_generation(small_partition, "A", "version = 1\n", [large])
    assert len(list_generations(small_partition, "A")) == 3


def test_the_one_that_counts_is_never_given_up(small_partition: Path) -> None:
    save_generation(small_partition, "A", "version = 1\n")
    for number in (2, 3):
        save_generation(small_partition, "A", "version = 1\n")
        (small_partition / f"a/{number:06d}.tar").write_bytes(b"x" * 12_000)
    with pytest.raises(StepError, match="No space left"):
        save_generation(small_partition, "A", "version = 1\n")
    found = newest_generation(small_partition, "A")
    assert found is not None
    assert found.number == 1
