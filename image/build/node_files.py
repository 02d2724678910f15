"""Our own files in the image: packages under the private prefix, launchers, units, os-release."""

import shutil
from pathlib import Path

from image.build import host
from image.build.cache import remove_tree
from image.build.keys import Keys
from image.build.overlay import FILES, UNITS, copy_file, lay_over
from image.build.version import SOURCE, Origin
from kickstart.recipe import Recipe
from persist.errors import RecipeError
from persist.translation import _

STEP = "node-files"
PREFIX = Path("usr/lib/node")
PACKAGES = ("persist", "kickstart", "plugins", "node_tui")
# The builder's half of kickstart: its parser is GPL and never ships.
NOT_SHIPPED = ("recipe.py", "layers.py", "commands.py", "recipes", "__pycache__", "*.pyc", "*.pot")
LAUNCHERS = {
    "usr/bin/nodectl": "node_tui.cli.nodectl",
    "usr/bin/persist": "node_tui.cli.persist",
    "usr/bin/unpersist": "node_tui.cli.unpersist",
    "usr/bin/node-tui": "node_tui.ui.main",
    "usr/bin/node-login": "node_tui.cli.login",
    "usr/lib/node/restore": "node_tui.restore",
    "usr/lib/node/rauc-backend": "node_tui.system.rauc_backend",
}
# -I: neither the environment nor the folder of the caller decides what is imported.
LAUNCHER = """#!/usr/bin/python3 -I
import sys

sys.path.insert(0, "/usr/lib/node/python")
from {module} import main

sys.exit(main())
"""
KEYRING = Path("etc/rauc/keyring.pem")


def add_node_files(
    rootfs: Path, recipe: Recipe, origin: Origin, *, tools: Path, wheels: Path
) -> None:
    """Lay everything of ours over ``rootfs``."""
    python = rootfs / PREFIX / "python"
    shutil.copytree(wheels, python, symlinks=True, dirs_exist_ok=True)
    for package in PACKAGES:
        lay_over(SOURCE / package, python / package, NOT_SHIPPED)
    copy_file(SOURCE / "image/__init__.py", python / "image/__init__.py")
    copy_file(SOURCE / "image/manifest.py", python / "image/manifest.py")
    _compile_translations(tools, python)
    write_launchers(rootfs)
    write_os_release(rootfs, recipe, origin)
    forget_enabled_units(rootfs)
    lay_over(FILES, rootfs)
    lay_over(UNITS, rootfs / "usr/lib/systemd/system")
    _enable_units(rootfs, recipe)


def add_keyring(rootfs: Path, keys: Keys) -> None:
    """Write the certificates that this image takes bundles from."""
    path = rootfs / KEYRING
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(keys.trusted.read_bytes())


def source_paths() -> tuple[Path, ...]:
    """Return every path that ``add_node_files`` reads, for the hash of a build."""
    names = (*PACKAGES, "image/__init__.py", "image/manifest.py", "image/grub", "image/build")
    return (FILES, UNITS, *(SOURCE / name for name in names))


def _compile_translations(tools: Path, python: Path) -> None:
    """Turn each .po into the .mo that gettext reads, and leave only that."""
    for source in sorted((python / "persist/locale").rglob("*.po")):
        compiled = host.run(
            ["msgfmt", "--output-file=-", source], step=STEP, root=tools, binds=(source.parent,)
        )
        source.with_suffix(".mo").write_bytes(compiled)
        source.unlink()


def write_launchers(rootfs: Path) -> None:
    """Write the programs by which the node starts our code."""
    for name, module in LAUNCHERS.items():
        path = rootfs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(LAUNCHER.format(module=module))
        path.chmod(0o755)


def write_os_release(rootfs: Path, recipe: Recipe, origin: Origin) -> None:
    """Write /usr/lib/os-release; SYSEXT_LEVEL is what extension images are made for."""
    fields = {
        "NAME": '"Node"',
        "PRETTY_NAME": f'"Node {origin.version}"',
        "ID": "node",
        "ID_LIKE": "debian",
        "VERSION_ID": f'"{origin.version}"',
        "VERSION_CODENAME": recipe.suites[0],
        "SYSEXT_LEVEL": "1",
        "VARIANT_ID": recipe.variant,
        "IMAGE_ID": f"node-{recipe.variant}",
        "IMAGE_VERSION": f'"{origin.version}"',
    }
    path = rootfs / "usr/lib/os-release"
    path.write_text("".join(f"{name}={value}\n" for name, value in fields.items()))
    link = rootfs / "etc/os-release"
    link.unlink(missing_ok=True)
    link.symlink_to("../usr/lib/os-release")


def forget_enabled_units(rootfs: Path) -> None:
    """Remove what packages enabled by themselves.

    systemctl preset-all would leave the links to units that are masked or not there any more.
    """
    for kind in ("wants", "requires", "upholds"):
        for folder in (rootfs / "etc/systemd/system").glob(f"*.{kind}"):
            remove_tree(folder)


def _enable_units(rootfs: Path, recipe: Recipe) -> None:
    """Let our preset decide which units start; the recipe's services line has the last word."""
    host.run(["systemctl", "preset-all"], step=STEP, root=rootfs)
    for verb, units in (("enable", recipe.enabled), ("disable", recipe.disabled)):
        for unit in units:
            _refuse_unknown(rootfs, unit, recipe)
            host.run(["systemctl", verb, unit], step=STEP, root=rootfs)


def _refuse_unknown(rootfs: Path, unit: str, recipe: Recipe) -> None:
    if not (rootfs / "usr/lib/systemd/system" / unit).exists():
        file, _colon, line = recipe.origins[unit].rpartition(":")
        raise RecipeError(
            file,
            int(line),
            _("the image has no unit {unit}").format(unit=unit),
            _("add the package it comes from, or remove it from the services line"),
        )
