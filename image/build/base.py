"""The base: the recipe's packages installed and its %post scripts run, before anything of ours."""

from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path

from image.build import host
from image.build.accounts import account_lines, check_accounts, forget_password_dates
from image.build.cache import cached_folder, input_hash, tree_hash
from image.distro import debian
from image.distro.debian import Wanted, make_tree
from image.distro.mirror import Mirror
from kickstart.recipe import Recipe, Script
from persist.errors import RecipeError, StepError
from persist.translation import _

STEP = "packages"
# What this stage is made by, beside the packages; its cache follows them.
SOURCES = (Path(__file__), Path(__file__).with_name("accounts.py"))


def base_tree(
    recipe: Recipe, mirror: Mirror, tools: Path, versions: Mapping[str, str], taken: int
) -> Path:
    """Return the tree of the recipe's packages, made once for the recipe's content.

    ``versions`` pins them; ``taken`` is when they were asked for (image.build.packages).
    """
    wanted = Wanted(
        recipe.suites,
        recipe.components,
        recipe.packages,
        recipe.excludes,
        versions,
        account_lines(recipe),
    )
    scripts = [(script.text, script.interpreter, script.inside) for script in recipe.scripts]
    beside = [tools.name for script in recipe.scripts if not script.inside]
    sources = tree_hash([*debian.SOURCES, *SOURCES])
    key = input_hash(STEP, astuple(wanted), scripts, beside, taken, sources)

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
