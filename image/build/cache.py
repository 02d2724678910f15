"""Where the builder keeps what it made, by the hash of what it was made from."""

import fcntl
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from persist.translation import _

SYSTEM_CACHE = Path("/var/cache/node-image")
# How many results of one stage stay: two variants, each as it is and as it was before.
KEPT = 4
# A half-made result of this age belongs to no build that still runs. Seconds.
ABANDONED = 24 * 3600
# What a run from the source tree leaves in it; the image gets its own.
MADE_BY_A_RUN = {"__pycache__", ".mo"}


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
    """Return one hash over names, modes and contents of ``paths``, folders walked.

    Where ``paths`` lie does not count: two checkouts of one commit share what was made.
    """
    total = hashlib.sha256()
    for name, path in sorted(_files_below(paths)):
        total.update(f"{name}\0{path.lstat().st_mode & 0o111:o}\0".encode())
        content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()[:16]


def _files_below(paths: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            for found in path.rglob("*"):
                if not MADE_BY_A_RUN & {*found.parts, found.suffix} and (
                    found.is_file() or found.is_symlink()
                ):
                    yield str(found.relative_to(path.parent)), found
        elif path.exists():
            yield path.name, path


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
        # A name that outlives a power cut must not lead to files that did not.
        os.sync()
        unfinished.rename(folder)
    os.utime(folder)
    _forget_old(folder.parent)
    return folder


def _forget_old(stage: Path) -> None:
    by_age = sorted(stage.iterdir(), key=lambda path: -path.lstat().st_mtime)
    finished = [path for path in by_age if not path.name.endswith(".part")]
    noted = {path for variant in noted_variants() for path in read_note(variant).values()}
    for path in finished[KEPT:]:
        # The newest image of the other variant may be older than all of these.
        if not any(name.startswith(str(path)) for name in noted):
            remove_tree(path)
    forget_abandoned(path for path in by_age if path.name.endswith(".part"))


def forget_abandoned(paths: Iterable[Path]) -> None:
    """Remove those of ``paths`` that a build left behind when it was killed."""
    for path in paths:
        if time.time() - path.lstat().st_mtime > ABANDONED:
            remove_tree(path)


def noted_variants() -> list[str]:
    """Return the variants of which this machine has a newest build."""
    return [path.stem.removeprefix("newest-") for path in cache_root().glob("newest-*.json")]


def read_note(variant: str) -> dict[str, str]:
    """Return where the newest build of ``variant`` is (``rootfs``, ``root_img``), or nothing."""
    try:
        content: dict[str, str] = json.loads(note_path(variant).read_text())
    except (OSError, ValueError):
        return {}
    return content


def note_path(variant: str) -> Path:
    """Return the file that says where the newest build of ``variant`` is."""
    return cache_root() / f"newest-{variant}.json"


def write_whole(path: Path, content: str) -> None:
    """Write ``path`` so that a reader finds the old content or the new one, never half of it."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_text(content)
    unfinished.replace(path)


@contextmanager
def one_build() -> Iterator[None]:
    """Hold the cache: two builds at once would forget what the other one is using."""
    cache_root().mkdir(parents=True, exist_ok=True)
    with (cache_root() / "lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = _("another build uses {path}; waiting until it is done")
            sys.stderr.write(said.format(path=cache_root()) + "\n")
            fcntl.flock(stream, fcntl.LOCK_EX)
        forget_abandoned((cache_root() / "scratch").glob("*"))
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
