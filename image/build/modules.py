"""Kernel modules and firmware: what the list names stays, with what it depends on."""

import lzma
import os.path
import struct
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from image.build import host
from image.build.cache import remove_tree
from persist.errors import NodeError, StepError
from persist.translation import _

ENDINGS = (".ko", ".ko.xz", ".ko.zst")
# Read by the kernel itself, whatever modules there are.
ALWAYS_FIRMWARE = ("intel-ucode/*", "amd-ucode/*", "amd/*")


def read_patterns(text: str, without: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the patterns of a list but for those under the headings ``without``."""
    groups: dict[str, list[str]] = {"": []}
    heading = ""
    for line in (line.split("#")[0].strip() for line in text.splitlines()):
        if line.startswith("["):
            heading = line.strip("[]")
            groups[heading] = []
        elif line:
            groups[heading].append(line)
    for name in without:
        if name not in groups:
            raise NodeError(
                _("there is no group of modules {name}").format(name=name),
                _("the groups are: {names}").format(names=", ".join(sorted(groups.keys() - {""}))),
            )
        del groups[name]
    return tuple(pattern for patterns in groups.values() for pattern in patterns)


def select(names: Iterable[str], patterns: Iterable[str]) -> set[str]:
    """Return those of ``names`` that ``patterns`` leave in; the last one that matches decides."""
    chosen: set[str] = set()
    names = tuple(names)
    for pattern in patterns:
        wanted = pattern.removeprefix("-")
        matching = {name for name in names if fnmatchcase(name, wanted)}
        chosen = chosen - matching if pattern.startswith("-") else chosen | matching
    return chosen


def unmatched(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Return the patterns that no name matches: misspelt, or built into this kernel."""
    names = tuple(names)
    return [
        pattern
        for pattern in patterns
        if not any(fnmatchcase(name, pattern.removeprefix("-")) for name in names)
    ]


def read_dependencies(text: str) -> dict[str, tuple[str, ...]]:
    """Return modules.dep as module path -> paths of all modules it needs."""
    found = {}
    for line in text.splitlines():
        module, _colon, needed = line.partition(":")
        found[module] = tuple(needed.split())
    return found


def bare(path: str) -> str:
    """Return ``kernel/drivers/x/y.ko.xz`` as ``drivers/x/y``."""
    name = path.removeprefix("kernel/")
    for ending in ENDINGS:
        name = name.removesuffix(ending)
    return name


def kept_modules(dependencies: Mapping[str, tuple[str, ...]], patterns: Iterable[str]) -> set[str]:
    """Return the module paths that stay: the selected ones and all they depend on."""
    chosen = select((bare(path) for path in dependencies), patterns)
    wanted = {path for path in dependencies if bare(path) in chosen}
    return wanted | {needed for path in wanted for needed in dependencies[path]}


def prune_modules(rootfs: Path, patterns: tuple[str, ...], *, step: str) -> str:
    """Remove all other modules of the one kernel in ``rootfs`` and unpack those that stay.

    Unpacked, because initramfs and squashfs compress them better as a whole; their signatures are
    part of the files and stay. Returns the kernel version.
    """
    version = kernel_version(rootfs)
    folder = rootfs / "usr/lib/modules" / version
    dependencies = read_dependencies((folder / "modules.dep").read_text())
    kept = kept_modules(dependencies, patterns)
    for path in dependencies:
        place = folder / path
        if path not in kept:
            place.unlink()
        elif place.suffix == ".xz":
            place.with_suffix("").write_bytes(lzma.decompress(place.read_bytes()))
            place.unlink()
    for name in ("build", "source"):
        (folder / name).unlink(missing_ok=True)
    host.run(["depmod", version], step=step, root=rootfs)
    return version


def kernel_version(rootfs: Path) -> str:
    """Return the one kernel ``rootfs`` has modules of."""
    found = sorted(path.name for path in (rootfs / "usr/lib/modules").iterdir())
    if len(found) != 1:
        raise StepError(
            _("the image has {count} kernels: {names}").format(
                count=len(found), names=", ".join(found)
            ),
            _("name exactly one kernel package in the recipe"),
        )
    return found[0]


def prune_firmware(rootfs: Path, version: str, dropped: tuple[str, ...], *, step: str) -> None:
    """Remove the firmware that no module of ``rootfs`` names, and what ``dropped`` matches."""
    folder = rootfs / "usr/lib/firmware"
    if not folder.is_dir():
        return
    modules = sorted((rootfs / "usr/lib/modules" / version / "kernel").rglob("*.ko"))
    inside = [f"/{module.relative_to(rootfs)}" for module in modules]
    named = host.run(["modinfo", "-F", "firmware", *inside], step=step, root=rootfs).decode()
    wanted = {*named.split(), *ALWAYS_FIRMWARE}
    files = [path for path in folder.rglob("*") if path.is_symlink() or path.is_file()]
    names = {str(path.relative_to(folder)): path for path in files}
    kept = {name for name in names if any(fnmatchcase(name, want) for want in wanted)}
    kept -= {name for name in names if any(fnmatchcase(name, drop) for drop in dropped)}
    for name in sorted(kept):
        kept |= _link_targets(names[name], folder)
    for name, path in names.items():
        if name not in kept:
            path.unlink()
    remove_empty_folders(folder)


def drop_repeated_microcode(rootfs: Path) -> None:
    """Remove microcode files all of whose updates are in another file too.

    Each update names the processors it is for, and the initramfs holds all of them in one file, so
    the kernel finds it wherever it was. It lies there uncompressed: every byte is one of the ISO.
    """
    seen: set[bytes] = set()
    files = [path for path in (rootfs / "usr/lib/firmware").glob("*-ucode/*") if path.is_file()]
    # The largest first: what holds several updates stays, what repeats one of them goes.
    for path in sorted(files, key=lambda path: (-path.stat().st_size, path.name)):
        updates = set(microcode_updates(path.read_bytes()))
        if updates <= seen:
            path.unlink()
        seen |= updates


def microcode_updates(content: bytes) -> list[bytes]:
    """Return the updates that a microcode file holds; what is not Intel's form counts as one.

    Source: Intel SDM volume 3, 11.11.1: header version 1 at offset 0, total size (0 means 2048) at
    offset 32, both 32 bits little-endian.
    """
    updates, at = [], 0
    while at < len(content):
        version, size = 0, 0
        if len(content) - at >= 48:
            (version,) = struct.unpack_from("<I", content, at)
            size = struct.unpack_from("<I", content, at + 32)[0] or 2048
        if version != 1 or size < 48 or at + size > len(content):
            return [content]
        updates.append(content[at : at + size])
        at += size
    return updates


def _link_targets(path: Path, folder: Path) -> set[str]:
    """Return what ``path`` points to, over any number of links, as names below ``folder``."""
    found = set()
    while path.is_symlink():
        path = Path(os.path.normpath(path.parent / path.readlink()))
        found.add(str(path.relative_to(folder)))
    return found


def remove_empty_folders(folder: Path) -> None:
    """Remove every folder below ``folder`` that has become empty."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            remove_tree(path)
