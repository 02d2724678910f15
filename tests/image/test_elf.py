"""ELF files: read on the programs of this machine, resolved inside a tree of our own."""

import shutil
from pathlib import Path

from image.build.elf import LIBRARY_FOLDERS, inside, read_elf, unneeded_libraries, unresolved

SHELL = Path("/usr/bin/dash")
LIBC = Path("/lib/x86_64-linux-gnu/libc.so.6")


def tree(root: Path, *, with_libc: bool) -> Path:
    (root / "usr/bin").mkdir(parents=True)
    shutil.copyfile(SHELL, root / "usr/bin/dash")
    folder = root / LIBRARY_FOLDERS[0]
    folder.mkdir(parents=True)
    elf = read_elf(root / "usr/bin/dash")
    assert elf is not None
    for name in (*elf.needs, "ld-linux-x86-64.so.2"):
        if with_libc or name != "libc.so.6":
            shutil.copyfile(LIBC.parent / name, folder / name)
    return root


def test_a_program_names_its_libraries_and_interpreter() -> None:
    elf = read_elf(SHELL)
    assert elf is not None
    assert "libc.so.6" in elf.needs
    assert elf.interpreter == "/lib64/ld-linux-x86-64.so.2"


def test_a_script_is_no_elf_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("#!/bin/sh\n")
    assert read_elf(tmp_path / "x") is None


def test_a_missing_library_is_found(tmp_path: Path) -> None:
    assert unresolved(tree(tmp_path / "whole", with_libc=True)) == []
    said = unresolved(tree(tmp_path / "broken", with_libc=False))
    assert "usr/bin/dash: libc.so.6" in said


def test_links_are_followed_inside_the_tree(tmp_path: Path) -> None:
    (tmp_path / "usr").mkdir()
    (tmp_path / "usr/real").write_text("x")
    (tmp_path / "absolute").symlink_to("/usr/real")
    (tmp_path / "usr/up").symlink_to("../absolute")
    assert inside(tmp_path, tmp_path / "usr/up") == tmp_path / "usr/real"
    (tmp_path / "loop").symlink_to("loop")
    assert inside(tmp_path, tmp_path / "loop") is None


def test_a_library_that_nothing_needs_goes_with_its_link(tmp_path: Path) -> None:
    root = tree(tmp_path, with_libc=True)
    folder = root / LIBRARY_FOLDERS[0]
    shutil.copyfile(LIBC.parent / "libresolv.so.2", folder / "libresolv.so.2")
    (folder / "libresolv.so").symlink_to("libresolv.so.2")
    gone = [path.name for path in unneeded_libraries(root, ["ld-linux*"])]
    assert gone == ["libresolv.so", "libresolv.so.2"]
    assert unneeded_libraries(root, ["ld-linux*", "libresolv.so*"]) == []
