"""Where the builder keeps what it made, by the hash of what it was made from."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

SYSTEM_CACHE = Path("/var/cache/node-image")
# How many results of one stage stay: two variants, each as it is and as it was before.
KEPT = 4


def cache_root() -> Path:
    """Return the cache folder: NODE_IMAGE_CACHE, else the system's for root, else the user's."""
    asked = os.environ.get("NODE_IMAGE_CACHE")
    if asked:
        return Path(asked)
    return SYSTEM_CACHE if os.geteuid() == 0 else Path.home() / ".cache/node-image"


def input_hash(*inputs: object) -> str:
    """Return 16 hex digits that change whenever one of ``inputs`` (JSON values) changes."""
    text = json.dumps(inputs, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def tree_hash(paths: Iterable[Path]) -> str:
    """Return one hash over names, modes and contents of ``paths``, folders walked."""
    total = hashlib.sha256()
    for path in sorted(_files_below(paths)):
        total.update(f"{path}\0{path.lstat().st_mode & 0o111:o}\0".encode())
        content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()[:16]


def _files_below(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            for found in path.rglob("*"):
                if "__pycache__" not in found.parts and (found.is_file() or found.is_symlink()):
                    yield found
        elif path.exists():
            yield path


def cached_folder(stage: str, key: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of ``stage`` for ``key``, calling ``make(folder)`` when it is not there.

    ``make`` gets a folder that does not exist yet. The result appears under its name only when
    ``make`` returned, so a build that was cut leaves nothing that looks finished.
    """
    folder = cache_root() / stage / key
    if not folder.exists():
        unfinished = folder.with_name(f"{key}.part")
        remove_tree(unfinished)
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        make(unfinished)
        unfinished.rename(folder)
    os.utime(folder)
    _forget_old(folder.parent)
    return folder


def _forget_old(stage: Path) -> None:
    finished = [path for path in stage.iterdir() if not path.name.endswith(".part")]
    finished.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in finished[KEPT:]:
        remove_tree(path)


@contextmanager
def one_build() -> Iterator[None]:
    """Hold the cache: two builds at once would forget what the other one is using."""
    cache_root().mkdir(parents=True, exist_ok=True)
    with (cache_root() / "lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def remove_tree(path: Path) -> None:
    """Remove ``path`` and all below it, when it is there; never across a mount."""
    if path.is_dir() and not path.is_symlink():
        _refuse_mounts(path)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _refuse_mounts(path: Path) -> None:
    below = f"{path.resolve()}/"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mounted = line.split()[4]
        if mounted.startswith(below):
            raise OSError(16, "still mounted", mounted)
