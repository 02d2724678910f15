"""The tools tree: build tools of the target's release, so any host gives the same bytes."""

from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path

from image.build.cache import cache_root, cached_folder, input_hash, tree_hash
from image.distro import debian
from image.distro.debian import Wanted, make_tree
from image.distro.mirror import Mirror
from kickstart.recipe import Recipe
from persist.errors import DependencyError
from persist.translation import _

PACKAGES = (
    "coreutils",
    "cpio",
    "dosfstools",
    "e2fsprogs",
    "gettext",
    "grub-common",
    "grub-efi-amd64-bin",
    "grub-efi-amd64-signed",
    "grub-pc-bin",
    "ipxe",
    "kmod",
    "libengine-pkcs11-openssl",
    "mtools",
    "openssl",
    "opensc-pkcs11",
    "pkcs11-provider",
    "python3-minimal",
    "qemu-utils",
    "rauc",
    "shim-signed",
    "softhsm2",
    "squashfs-tools",
    "xorriso",
    "xz-utils",
    "zstd",
)
STEP = "tools"


def tools_tree(recipe: Recipe, mirror: Mirror, versions: Mapping[str, str], taken: int) -> Path:
    """Return the tree of build tools, made once for a package list.

    ``versions`` pins them; ``taken`` is when they were asked for (image.build.packages).
    """
    wanted = Wanted(recipe.suites, recipe.components, PACKAGES, versions=versions)
    key = input_hash(STEP, astuple(wanted), taken, tree_hash(debian.SOURCES))

    def make(tree: Path) -> None:
        make_tree(tree, wanted, mirror, step=STEP)

    return cached_folder(STEP, key, make)


def newest_tools() -> Path:
    """Return the tools tree of the newest build on this machine."""
    trees = [path for path in (cache_root() / STEP).glob("*") if path.suffix == ""]
    if not trees:
        raise DependencyError(
            "node-image", _("there are no build tools on this machine yet"), _("run ./dev image")
        )
    return max(trees, key=lambda path: path.stat().st_mtime)
