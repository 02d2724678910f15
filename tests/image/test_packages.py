"""Packages: what APT says of a wished package becomes an error with the recipe's file and line."""

import os
from pathlib import Path

import pytest

from image.build import base, host
from image.build.base import base_tree
from image.distro.mirror import host_mirror
from kickstart.recipe import load_recipe
from persist.errors import RecipeError, StepError

RECIPE = """\
suite --name=trixie --components=main
budget --warn=150 --limit=190
%packages
hostname
no-such-package-anywhere
%end
"""


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NODE_IMAGE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "mine.ks"
    path.write_text(RECIPE)
    return path


def test_an_unknown_package_is_an_error_with_file_and_line(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        host.log_path(base.STEP).write_text(
            "E: Unable to locate package no-such-package-anywhere\n"
        )
        raise StepError("step packages failed")

    monkeypatch.setattr(base, "make_tree", fail)
    with pytest.raises(RecipeError) as caught:
        base_tree(load_recipe(recipe), host_mirror(), tmp_path / "tools", {}, 1)
    assert str(caught.value).replace(str(tmp_path), "") == (
        "/mine.ks:5: the suites trixie have no package no-such-package-anywhere\n"
        "correct the name, or add the suite or component that has it"
    )


@pytest.mark.container
def test_apt_says_it_in_these_words(recipe: Path, tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("needs root: mmdebstrap makes a tree")
    with pytest.raises(RecipeError, match="no package no-such-package-anywhere"):
        base_tree(load_recipe(recipe), host_mirror(), tmp_path / "tools", {}, 1)
