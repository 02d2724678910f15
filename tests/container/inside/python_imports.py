"""Runs inside the container: print every shipped Python module that cannot be imported.

A child is forked for each top-level package, so that one import cannot hide another's fault.
"""
# ruff: noqa: T201 - what it prints is its result

import os
import pkgutil
import sys
import warnings
from pathlib import Path

OURS = Path("/usr/lib/node/python")
DEBIANS = Path("/usr/lib/python3/dist-packages")
STANDARD = Path(os.__file__).parent
# Modules for another system, or that start something when imported, or that are the other one of
# two ways to do a thing.
OTHER_SYSTEMS = (
    "_ios_support", "_osx", "_pyrepl.windows", "_winapi", "antigravity", "anyio._backends._trio",
    "asyncio.windows",
    "ctypes.macholib", "ctypes.wintypes", "encodings.mbcs", "encodings.oem",
    "multiprocessing.popen_spawn_win32", "nturl2path", "rich._win", "textual.drivers._win",
    "textual.drivers.win", "this",
)  # fmt: skip


def names_below(folder: Path, prefix: str = "") -> list[str]:
    """Return the dotted names of all modules below a folder without importing any."""
    names = []
    for module in pkgutil.iter_modules([str(folder)], prefix):
        if module.name.startswith(OTHER_SYSTEMS) or module.name.endswith("__main__"):
            continue
        names.append(module.name)
        if module.ispkg:
            names += names_below(folder / module.name.rpartition(".")[2], f"{module.name}.")
    return names


def import_all(names: list[str]) -> None:
    """Import the modules of one package and print what fails."""
    warnings.simplefilter("ignore")
    told, sys.stdout = sys.stdout, sys.stderr  # some modules print while they are imported
    for name in names:
        try:
            __import__(name)
        except BaseException as error:  # the SystemExit of a script is a fault as well
            words = f"{type(error).__name__}: {error}".replace("\n", " ")
            print(name, words, sep=": ", file=told, flush=True)


def main() -> int:
    """Import everything, one process a top-level name."""
    sys.path.insert(0, str(OURS))
    packages: dict[str, list[str]] = {}
    for folder in (OURS, DEBIANS, STANDARD, STANDARD / "lib-dynload"):
        for name in names_below(folder):
            # An override of gi is loaded by the module that it is for, and only by that.
            wanted = name.replace("gi.overrides.", "gi.repository.")
            packages.setdefault(f"{folder} {name.partition('.')[0]}", []).append(wanted)
    for names in packages.values():
        child = os.fork()
        if child == 0:
            import_all(names)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            print(names[0], f"the interpreter died of it (wait status {status})", sep=": ")
    print(sum(map(len, packages.values())), "modules imported", file=sys.stderr)
    return 0


sys.exit(main())
