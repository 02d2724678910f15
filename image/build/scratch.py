"""Folders for files on their way into an artifact."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from image.build.cache import cache_root


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give an empty folder that is gone afterwards.

    It lies below the cache, not in /tmp: a command inside the tools tree sees it under the same
    path, and /tmp is a fresh filesystem there.
    """
    parent = cache_root() / "scratch"
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as name:
        yield Path(name).resolve()
