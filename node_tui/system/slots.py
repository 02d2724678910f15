"""The root slots of an installed node: the boot state of the ESP beside what runs."""

from pathlib import Path

from node_tui.system.boot_mode import read_boot
from plugins.api.facts import Slots


def read_slots(root: Path) -> Slots:
    """Return the slots; a node that runs from a medium has none."""
    boot = read_boot(root)
    if boot.mode != "installed":
        return Slots()
    return Slots(booted=boot.slot)
