"""The base made small by lists that say what stays: modules, firmware, files, libraries."""

import re
from fnmatch import translate
from pathlib import Path

from image.build import host
from image.build.cache import cached_folder, input_hash, tree_hash
from image.build.elf import unneeded_libraries
from image.build.modules import (
    drop_repeated_microcode,
    prune_firmware,
    prune_modules,
    read_patterns,
    select,
)

STEP = "minimise"
LISTS = Path(__file__).parent / "lists"
OWN_LISTS = ("usr/lib/modules/", "usr/lib/firmware/")
# What this stage is made by; its cache follows them.
SOURCES = ("slim.py", "modules.py", "elf.py", "lists")


def slim_tree(base: Path, tools: Path, without_modules: tuple[str, ...]) -> Path:
    """Return a copy of ``base`` without what a node never uses, made once for base and lists."""
    lists = tree_hash(LISTS.parent / name for name in SOURCES)
    key = input_hash(base.name, tools.name, lists, without_modules)
    patterns = read_list("kernel-modules", without_modules)

    def make(tree: Path) -> None:
        copy_tree(base, tree, STEP)
        version = prune_modules(tree, patterns, step=STEP)
        prune_firmware(tree, version, read_list("firmware-dropped"), step=STEP)
        drop_repeated_microcode(tree)
        shrink_hardware_database(tree, read_list("hardware-database"))
        prune_files(tree, read_list("files"))
        prune_libraries(tree, read_list("libraries"))
        host.run(["ldconfig"], step=STEP, root=tree)

    return cached_folder("slim", key, make)


def copy_tree(source: Path, target: Path, step: str) -> None:
    """Copy ``source`` to ``target`` with owners, modes, capabilities and hard links."""
    host.run(["cp", "--archive", "--reflink=auto", source, target], step=step)


def read_list(name: str, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the patterns of the list ``name`` but for those under the headings ``without``."""
    return read_patterns((LISTS / f"{name}.txt").read_text(), without)


def shrink_hardware_database(rootfs: Path, patterns: tuple[str, ...]) -> None:
    """Compile udev's hardware database anew from those of its sources that ``patterns`` name."""
    sources = rootfs / "usr/lib/udev/hwdb.d"
    names = [path.name for path in sources.glob("*.hwdb")]
    kept = select(names, patterns)
    if not names:
        return
    for name in sorted(set(names) - kept):
        (sources / name).unlink()
    host.run(["systemd-hwdb", "--usr", "update"], step=STEP, root=rootfs)


def prune_files(rootfs: Path, patterns: tuple[str, ...]) -> None:
    """Remove the files of ``rootfs`` that ``patterns`` do not leave in, and emptied folders."""
    rules = [
        (re.compile(translate(pattern.removeprefix("-"))), not pattern.startswith("-"))
        for pattern in reversed(patterns)
    ]
    emptied: set[Path] = set()
    for path in rootfs.rglob("*"):
        name = str(path.relative_to(rootfs))
        if name.startswith(OWN_LISTS) or (path.is_dir() and not path.is_symlink()):
            continue
        if not next((stay for rule, stay in rules if rule.match(name)), False):
            path.unlink()
            emptied.add(path.parent)
    remove_emptied(emptied, rootfs)


def remove_emptied(folders: set[Path], rootfs: Path) -> None:
    """Remove those of ``folders`` that are empty now, and their parents when they become so."""
    for folder in sorted(folders, key=lambda path: -len(path.parts)):
        place = folder
        while place != rootfs and place.is_dir() and not any(place.iterdir()):
            place.rmdir()
            place = place.parent


def prune_libraries(rootfs: Path, kept: tuple[str, ...]) -> None:
    """Remove libraries that nothing in ``rootfs`` is linked with, until none is left."""
    while gone := unneeded_libraries(rootfs, kept):
        for path in gone:
            path.unlink()
