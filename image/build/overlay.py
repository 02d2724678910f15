"""Files of this source tree that are laid over the image as they are."""

import shutil
from fnmatch import fnmatchcase
from pathlib import Path

from image.build.cache import remove_tree
from image.build.version import SOURCE

FILES = SOURCE / "image/files"
UNITS = SOURCE / "image/units"
NOT_LAID = ("__pycache__", "*.pyc", "*.md")


def lay_over(source: Path, target: Path, without: tuple[str, ...] = NOT_LAID) -> None:
    """Copy the tree ``source`` onto ``target`` but for what has a name of the patterns ``without``.

    As root's: folders 0755, files 0644 or 0755; the modes of a checkout follow somebody's umask.
    """
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if any(fnmatchcase(part, pattern) for part in name.parts for pattern in without):
            continue
        place = target / name
        if path.is_symlink():
            remove_tree(place)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(path.readlink())
        elif path.is_file():
            copy_file(path, place)


def copy_file(source: Path, target: Path) -> None:
    """Copy one file, making folders as needed; whoever may run ``source`` lets everybody run it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_tree(target)
    shutil.copyfile(source, target)
    target.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)
