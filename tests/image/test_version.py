"""The version of an image: the tag, or what lies between two tags; honest about changes."""

import subprocess
from pathlib import Path

import pytest

from image.build import version
from persist.errors import NodeError


def git(folder: Path, *words: str) -> None:
    names = ["-c", "user.name=n", "-c", "user.email=n@example.com"]
    subprocess.run(["git", "-C", folder, *names, *words], check=True, capture_output=True)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NODE_IMAGE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "source"
    (folder / "image").mkdir(parents=True)
    (folder / "image/x").write_text("1")
    git(folder, "init", "-q")
    git(folder, "add", "image")
    git(folder, "commit", "-qm", "one")
    monkeypatch.setattr(version, "SOURCE", folder)
    return folder


def test_a_tag_is_the_version(source: Path) -> None:
    git(source, "tag", "v1.2.0")
    assert version.origin(None).version == "1.2.0"


def test_tags_that_are_no_version_are_passed_over(source: Path) -> None:
    git(source, "tag", "v1.2.0")
    git(source, "commit", "-q", "--allow-empty", "-m", "two")
    for name in ("v1.3.0-rc1", "v1.3", "vendor-1.2.3"):
        git(source, "tag", name)
    found = version.origin(None)
    assert found.version == f"1.2.1~dev1+g{found.commit[:7]}"


def test_a_change_that_goes_into_the_image_is_told(source: Path) -> None:
    (source / "notes").write_text("not in the image")
    assert not version.origin(None).version.endswith(".dirty")
    (source / "image/new").write_text("new, and unknown to git")
    assert version.origin(None).version.endswith(".dirty")


def test_a_copy_inside_another_repository_does_not_bear_its_commit(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = source / "lib/site-packages"
    inside.mkdir(parents=True)
    monkeypatch.setattr(version, "SOURCE", inside)
    found = version.origin("1.2.3")
    assert (found.version, found.commit, found.epoch) == ("1.2.3", "unknown", version.NO_TIME)


def test_what_is_no_version_is_refused(source: Path) -> None:
    with pytest.raises(NodeError, match="one is not a version"):
        version.origin("one")
