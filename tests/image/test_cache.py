"""The cache: made once, never half, forgotten in time, never across a mount."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from image.build.cache import (
    ABANDONED,
    KEPT,
    cache_root,
    cached_folder,
    input_hash,
    one_build,
    tree_hash,
)
from image.build.output import newest, remember
from persist.errors import DependencyError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_IMAGE_CACHE", str(tmp_path / "cache"))


def test_a_stage_is_made_once_for_its_inputs() -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        folder.mkdir()
        made.append(folder)

    first = cached_folder("stage", "a", make)
    assert cached_folder("stage", "a", make) == first
    assert len(made) == 1
    assert cached_folder("stage", "b", make) != first


def test_a_stage_that_was_cut_is_made_again() -> None:
    def cut(folder: Path) -> None:
        folder.mkdir()
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached_folder("stage", "a", cut)
    folder = cached_folder("stage", "a", Path.mkdir)
    assert not list(folder.iterdir())


def test_old_results_are_forgotten() -> None:
    for number in range(KEPT + 2):
        cached_folder("stage", str(number), Path.mkdir)
    left = [path.name for path in (cache_root() / "stage").iterdir()]
    assert len(left) == KEPT
    assert str(KEPT + 1) in left


def test_a_hash_follows_names_contents_and_modes(tmp_path: Path) -> None:
    path = tmp_path / "tree/x"
    path.parent.mkdir()
    path.write_text("1")
    seen = {tree_hash([path.parent])}
    path.write_text("2")
    seen.add(tree_hash([path.parent]))
    path.chmod(0o755)
    seen.add(tree_hash([path.parent]))
    path.rename(path.with_name("y"))
    seen.add(tree_hash([path.parent]))
    assert len(seen) == 4
    assert input_hash("a", {"b": 1}) == input_hash("a", {"b": 1}) != input_hash("a", {"b": 2})


def test_the_newest_image_of_a_variant_is_not_forgotten() -> None:
    rootfs = cached_folder("rootfs", "minimal", Path.mkdir)
    remember("minimal", rootfs, rootfs)
    for number in range(KEPT + 2):
        cached_folder("rootfs", str(number), Path.mkdir)
    assert newest("minimal")["rootfs"] == str(rootfs)


def test_a_note_of_an_image_that_is_gone_is_no_image() -> None:
    rootfs = cached_folder("rootfs", "minimal", Path.mkdir)
    remember("minimal", rootfs, rootfs)
    rootfs.rmdir()
    with pytest.raises(DependencyError, match="no image of minimal was built"):
        newest("minimal")


def test_what_a_killed_build_left_is_removed_after_a_day() -> None:
    cached_folder("stage", "a", Path.mkdir)
    old, fresh = (cache_root() / "stage" / name for name in ("b.part", "c.part"))
    for path in (old, fresh):
        path.mkdir()
    before = time.time() - ABANDONED - 60
    os.utime(old, (before, before))
    cached_folder("stage", "a", Path.mkdir)
    assert not old.exists()
    assert fresh.exists()


def test_a_second_build_says_that_it_waits() -> None:
    # The alarm ends a build that waits without a word.
    program = "import signal; signal.alarm(20)\n"
    program += "from image.build.cache import one_build\nwith one_build(): print('mine')"
    with one_build():
        waiting = subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert waiting.stderr is not None
        said = waiting.stderr.readline().decode()
    assert said == f"another build uses {cache_root()}; waiting until it is done\n"
    assert waiting.communicate(timeout=30)[0] == b"mine\n"


def test_two_checkouts_share_what_was_made(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "tree").mkdir(parents=True)
        (tmp_path / name / "tree/x").write_text("1")
    assert tree_hash([tmp_path / "one/tree"]) == tree_hash([tmp_path / "two/tree"])


def test_what_a_run_leaves_in_the_sources_makes_no_new_image(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/node.po").write_text("x")
    before = tree_hash([tmp_path / "package"])
    (tmp_path / "package/__pycache__").mkdir()
    for name in ("node.mo", "__pycache__/node.pyc"):
        (tmp_path / "package" / name).write_text("made")
    assert tree_hash([tmp_path / "package"]) == before
