"""The base made small by lists that say what stays: modules, firmware, files."""

from pathlib import Path

from image.build import host
from image.build.cache import cached_folder, input_hash, remove_tree, tree_hash

STEP = "minimise"
LISTS = Path(__file__).parent / "lists"


def slim_tree(base: Path, tools: Path) -> Path:
    """Return a copy of ``base`` without what a node never uses, made once for base and lists."""
    key = input_hash(base.name, tools.name, tree_hash([LISTS, Path(__file__).parent / "modules.py"]))

    def make(tree: Path) -> None:
        copy_tree(base, tree, STEP)

    return cached_folder("slim", key, make)


def copy_tree(source: Path, target: Path, step: str) -> None:
    """Copy ``source`` to ``target`` with owners, modes, capabilities and hard links."""
    host.run(["cp", "--archive", "--reflink=auto", source, target], step=step)
