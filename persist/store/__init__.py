"""Generations: what a node remembers, one file each, on the Config partition.

Standard library only: this runs before switch-root. The format stands in ``generation``, where
files lie and which one counts in ``line``.
"""

from persist.store.files import StoredFile, gather_file, place_files
from persist.store.generation import DamagedGenerationError, Generation, read_generation
from persist.store.line import (
    Skipped,
    Slot,
    find_generation,
    list_generations,
    newest_generation,
    save_generation,
)
from persist.store.lock import config_lock

__all__ = [
    "DamagedGenerationError",
    "Generation",
    "Skipped",
    "Slot",
    "StoredFile",
    "config_lock",
    "find_generation",
    "gather_file",
    "list_generations",
    "newest_generation",
    "place_files",
    "read_generation",
    "save_generation",
]
