"""Runs inside the container: print every ELF file whose libraries are not found."""
# ruff: noqa: T201 - what it prints is its result

import subprocess
import sys
from pathlib import Path

LINKER = "/lib64/ld-linux-x86-64.so.2"
NOT_FOR_THE_LINKER = tuple(
    Path(folder) for folder in ("/usr/lib/modules", "/usr/lib/firmware", "/usr/share")
)
EXECUTABLE, SHARED = 2, 3


def elf_files() -> list[Path]:
    """Return 64-bit executables and shared objects, each once."""
    found = []
    for path in Path("/usr").rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        if any(folder in path.parents for folder in NOT_FOR_THE_LINKER):
            continue
        with path.open("rb") as stream:
            head = stream.read(18)
        if head[:5] == b"\x7fELF\x02" and head[16] in (EXECUTABLE, SHARED):
            found.append(path)
    return found


def main() -> int:
    """Ask the dynamic linker about each file."""
    files = elf_files()
    for path in files:
        # Private libraries lie side by side; the programs that load them know the folder.
        argv = [LINKER, "--library-path", path.parent, "--list", path]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        words = done.stdout + done.stderr
        static = not words.strip() or "statically linked" in words
        if "not found" in words or (done.returncode and not static):
            print(path, words.strip().replace("\n", "; "), sep=": ")
    print(len(files), "files looked at", file=sys.stderr)
    return 0


sys.exit(main())
