"""Files of this source tree that are laid over the image as they are."""

import shutil
from pathlib import Path

from image.build.cache import remove_tree
from image.build.version import SOURCE

FILES = SOURCE / "image/files"
UNITS = SOURCE / "image/units"


def lay_over(source: Path, target: Path) -> None:
    """Copy the tree ``source`` onto ``target`` as root's: folders 0755, files 0644 or 0755."""
    for path in sorted(source.rglob("*")):
        if "__pycache__" in path.parts or path.name.endswith(".md"):
            continue
        place = target / path.relative_to(source)
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
