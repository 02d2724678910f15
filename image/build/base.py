"""The base: the recipe's packages installed and its %post scripts run, before anything of ours."""

from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path

from image.build import host
from image.build.accounts import account_lines, check_accounts, forget_password_dates
from image.build.cache import cached_folder, input_hash
from image.distro.debian import Wanted, make_tree
from image.distro.mirror import Mirror
from kickstart.recipe import Recipe, Script
from persist.errors import RecipeError, StepError
from persist.translation import _

STEP = "packages"


def base_tree(recipe: Recipe, mirror: Mirror, tools: Path, versions: Mapping[str, str]) -> Path:
    """Return the tree of the recipe's packages, made once for the recipe's content."""
    wanted = Wanted(
        recipe.suites,
        recipe.components,
        recipe.packages,
        recipe.excludes,
        versions,
        account_lines(recipe),
    )
    scripts = [(script.text, script.interpreter, script.inside) for script in recipe.scripts]
    key = input_hash(STEP, astuple(wanted), scripts)

    def make(tree: Path) -> None:
        make_tree(tree, wanted, mirror, step=STEP)
        for script in recipe.scripts:
            _run_script(script, tree, tools)
        forget_password_dates(tree)
        check_accounts(tree, recipe)

    try:
        return cached_folder("base", key, make)
    except StepError as error:
        raise _blame_recipe(error, recipe) from error


def _run_script(script: Script, tree: Path, tools: Path) -> None:
    """Run a %post in the tree, or, for --nochroot, in the tools tree with INSTALL_ROOT set."""
    root = tree if script.inside else tools
    binds = () if script.inside else (tree,)
    try:
        host.run(
            [script.interpreter, "-s"],
            step=STEP,
            root=root,
            binds=binds,
            env={"INSTALL_ROOT": str(tree)},
            stdin=script.text.encode(),
        )
    except StepError as error:
        file, _colon, line = script.origin.rpartition(":")
        raise RecipeError(file, int(line), _("this %post failed"), error.hint) from error


def _blame_recipe(error: StepError, recipe: Recipe) -> Exception:
    """Return a RecipeError with file and line when APT said that a wished package is unknown."""
    said = host.log_path(STEP).read_text(errors="replace")
    for name, origin in recipe.origins.items():
        phrases = (f"Unable to locate package {name}\n", f"Package '{name}' has no installation")
        if any(phrase in said for phrase in phrases):
            file, _colon, line = origin.rpartition(":")
            return RecipeError(
                file,
                int(line),
                _("the suites {suites} have no package {name}").format(
                    suites=", ".join(recipe.suites), name=name
                ),
                _("correct the name, or add the suite or component that has it"),
            )
    return error
