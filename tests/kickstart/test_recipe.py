"""Golden recipes: each ``recipes/NAME.ks`` makes the recipe or the error of ``recipes/NAME.txt``.

``NODE_REWRITE_GOLDEN=1`` writes what comes out now; read the difference before you keep it.
"""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from kickstart.layers import package_wishes, read_layers
from kickstart.recipe import RECIPES, Recipe, load_recipe, variant_recipe
from persist.errors import RecipeError

GOLDEN = Path(__file__).parent / "recipes"


def outcome(path: Path) -> str:
    try:
        recipe = load_recipe(path)
    except RecipeError as error:
        said = f"error {error.exit_code}\n{error}\n"
    else:
        said = "".join(f"{name} = {value!r}\n" for name, value in asdict(recipe).items())
    return said.replace(f"{GOLDEN}/", "")


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.ks")), ids=lambda path: path.stem)
def test_recipe_means_what_its_golden_file_says(path: Path) -> None:
    expected = path.with_suffix(".txt")
    said = outcome(path)
    if os.environ.get("NODE_REWRITE_GOLDEN"):
        expected.write_text(said)
    assert said == expected.read_text()


@pytest.fixture(params=["hypervisor", "minimal"])
def shipped(request: pytest.FixtureRequest) -> Recipe:
    return load_recipe(variant_recipe(request.param))


def test_shipped_recipes_lock_the_fixed_ids(shipped: Recipe) -> None:
    ids = dict(shipped.groups) | {user.name: user.uid for user in shipped.users}
    fixed = {
        "node-viewer": 960,
        "node-operator": 961,
        "node-admin": 962,
        "node-console": 963,
        "admin": 1000,
    }
    assert {name: ids[name] for name in fixed} == fixed


def test_no_mirror_is_named_in_a_recipe() -> None:
    text = "".join(path.read_text() for path in RECIPES.rglob("*.ks"))
    assert "://" not in text


def test_every_layer_is_used_by_a_variant() -> None:
    used = {
        line.file.resolve()
        for variant in ("hypervisor", "minimal")
        for line in read_layers(variant_recipe(variant))
    }
    assert used == {path.resolve() for path in RECIPES.rglob("*.ks")} - _only_includes()


def _only_includes() -> set[Path]:
    return {
        path.resolve()
        for path in RECIPES.rglob("*.ks")
        if all(line.startswith("%include") for line in path.read_text().splitlines())
    }


def test_minimal_has_no_hypervisor(shipped: Recipe) -> None:
    virtual = [name for name in shipped.packages if name.startswith(("libvirt", "qemu"))]
    assert bool(virtual) == (shipped.variant == "hypervisor")


def test_an_unknown_variant_names_the_known() -> None:
    with pytest.raises(RecipeError, match="hypervisor, minimal"):
        variant_recipe("maximal")


def test_wishes_keep_file_and_line(tmp_path: Path) -> None:
    recipe = tmp_path / "a.ks"
    recipe.write_text("# first\n%packages\nsystemd\n-cron # never\n%end\n")
    wishes = package_wishes(read_layers(recipe))
    found: list[Any] = [(wish.package, wish.excluded, wish.line.number) for wish in wishes]
    assert found == [("systemd", False, 3), ("cron", True, 4)]
