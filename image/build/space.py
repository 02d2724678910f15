"""Is there room for a build? Asked before anything is done, not found out in the middle."""

import shutil
from pathlib import Path

from persist.errors import StepError
from persist.translation import _

MB = 10**6
# Measured with an empty cache: tools 280 MB, base 710, minimised 470, what the initramfs is made in
# 470, sealed 480, packages 280, squashfs, bundle and ISO 150 each; the rest is for the parts of
# earlier builds that stay beside them.
CACHE = 4000 * MB
OUT = 500 * MB


def check_space(cache: Path, out: Path) -> None:
    """Raise StepError when the filesystems of ``cache`` and ``out`` have too little room."""
    needed: dict[int, tuple[Path, int]] = {}
    for folder, size in ((cache, CACHE), (out, OUT)):
        place = next(path for path in (folder, *folder.parents) if path.exists())
        device = place.stat().st_dev
        first, before = needed.get(device, (place, 0))
        needed[device] = (first, before + size)
    for place, size in needed.values():
        free = shutil.disk_usage(place).free
        if free < size:
            raise StepError(
                _("{place} has {free} MB free, a build needs {size} MB").format(
                    place=place, free=free // MB, size=size // MB
                ),
                _("make room there, or name a folder with room in NODE_IMAGE_CACHE"),
            )
