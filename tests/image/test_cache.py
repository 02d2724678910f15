"""The cache: made once, never half, forgotten in time, never across a mount."""

from pathlib import Path

import pytest

from image.build.cache import KEPT, cache_root, cached_folder, input_hash, tree_hash


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
