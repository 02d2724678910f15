"""ELF files: what they need, so that what nothing needs can go and what is needed is there.

Reads just the dynamic section. Source of the layout: System V ABI, 64-bit little-endian.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"\x7fELF\x02\x01"
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_STRTAB, DT_SONAME, DT_RPATH, DT_RUNPATH = 1, 5, 14, 15, 29
EM_X86_64 = 62
# Where the loader looks; Debian's ld.so.conf names the first, /usr/lib is built in.
LIBRARY_FOLDERS = ("usr/lib/x86_64-linux-gnu", "usr/lib", "usr/lib64", "usr/local/lib")


@dataclass(frozen=True)
class Elf:
    """The dynamic facts of one file: names it ``needs``, folders it ``searches`` first."""

    needs: tuple[str, ...]
    searches: tuple[str, ...]
    interpreter: str = ""


def read_elf(path: Path) -> Elf | None:
    """Return what the ELF file ``path`` needs, or None when it is not one for x86-64."""
    with path.open("rb") as stream:
        head = stream.read(64)
        if not head.startswith(MAGIC) or struct.unpack_from("<H", head, 18)[0] != EM_X86_64:
            return None
        content = head + stream.read()
    return _dynamic(content)


def _dynamic(content: bytes) -> Elf:
    offset, size, count = _program_table(content)
    loads, dynamic, interpreter = [], None, ""
    for index in range(count):
        kind, _flags, at, address, _physical, length = struct.unpack_from(
            "<IIQQQQ", content, offset + index * size
        )
        if kind == PT_LOAD:
            loads.append((address, at, length))
        elif kind == PT_DYNAMIC:
            dynamic = (at, length)
        elif kind == PT_INTERP:
            interpreter = content[at : at + length].rstrip(b"\0").decode()
    if dynamic is None:
        return Elf((), (), interpreter)
    entries = list(struct.iter_unpack("<qQ", content[dynamic[0] : dynamic[0] + dynamic[1]]))
    table = next((value for tag, value in entries if tag == DT_STRTAB), 0)
    strings = next((at + table - low for low, at, size in loads if low <= table < low + size), 0)
    needs = tuple(_text(content, strings + value) for tag, value in entries if tag == DT_NEEDED)
    paths = [
        _text(content, strings + value) for tag, value in entries if tag in (DT_RPATH, DT_RUNPATH)
    ]
    return Elf(needs, tuple(part for text in paths for part in text.split(":")), interpreter)


def _program_table(content: bytes) -> tuple[int, int, int]:
    """Return offset, entry size and entry count of the program headers."""
    offset: int = struct.unpack_from("<Q", content, 32)[0]
    size, count = struct.unpack_from("<HH", content, 54)
    return offset, size, count


def _text(content: bytes, at: int) -> str:
    return content[at : content.index(b"\0", at)].decode()


def elf_files(rootfs: Path) -> Iterator[tuple[Path, Elf]]:
    """Yield every ELF file of ``rootfs`` that the loader of x86-64 would take, links left out."""
    for path in sorted((rootfs / "usr").rglob("*")):
        if path.is_symlink() or not path.is_file() or path.suffix == ".ko":
            continue
        elf = read_elf(path)
        if elf is not None:
            yield path, elf


def resolve(rootfs: Path, path: Path, elf: Elf, name: str) -> Path | None:
    """Return the library that ``path`` gets for ``name``, links followed, or None."""
    home = f"/{path.parent.relative_to(rootfs)}"
    own = [folder.replace("$ORIGIN", home).replace("${ORIGIN}", home) for folder in elf.searches]
    # Last its own folder: a private library's programs have loaded its neighbours before it.
    for folder in (*(text.lstrip("/") for text in own), *LIBRARY_FOLDERS, home.lstrip("/")):
        found = inside(rootfs, rootfs / folder / name)
        if found is not None:
            return found
    return None


def inside(rootfs: Path, path: Path) -> Path | None:
    """Return the file ``path`` leads to when its links are followed within ``rootfs``, or None."""
    for _hop in range(8):
        if not path.is_symlink():
            return path if path.is_file() else None
        target = path.readlink()
        path = rootfs / str(target).lstrip("/") if target.is_absolute() else path.parent / target
        path = Path(*path.parts[:1], *_flat(path.parts[1:]))
    return None


def _flat(parts: Iterable[str]) -> list[str]:
    flat: list[str] = []
    for part in parts:
        if part == "..":
            flat.pop()
        else:
            flat.append(part)
    return flat


def unresolved(rootfs: Path) -> list[str]:
    """Return ``file: library`` for every library that an ELF file of ``rootfs`` does not find."""
    return [
        f"{path.relative_to(rootfs)}: {name}"
        for path, elf in elf_files(rootfs)
        for name in elf.needs
        if resolve(rootfs, path, elf, name) is None
    ]


def unneeded_libraries(rootfs: Path, kept: Iterable[str]) -> list[Path]:
    """Return the libraries directly in the library folder that nothing needs, links included.

    What programs open by name at run time must be in ``kept`` (glob patterns of file names).
    """
    folder = rootfs / LIBRARY_FOLDERS[0]
    known = dict(elf_files(rootfs))
    patterns = tuple(kept)
    waiting = [
        path
        for path in known
        if path.parent != folder or any(path.match(pattern) for pattern in patterns)
    ]
    reached = set(waiting)
    while waiting:
        path = waiting.pop()
        for name in known[path].needs:
            found = resolve(rootfs, path, known[path], name)
            if found is not None and found in known and found not in reached:
                reached.add(found)
                waiting.append(found)
    gone = {path for path in known if path.parent == folder and path not in reached}
    links = [
        path for path in folder.iterdir() if path.is_symlink() and inside(rootfs, path) in gone
    ]
    return sorted([*gone, *links])
