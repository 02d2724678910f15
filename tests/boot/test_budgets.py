"""Sizes that the product promises. Times are measured in tests/bench, never asserted."""

import json
from pathlib import Path

import pytest

from tests.boot.conftest import start_installed
from tests.boot.idle import idle_memory
from tests.boot.node import Installed

MB = 10**6


@pytest.mark.boot
def test_the_medium_fits_its_budget(dist: Path) -> None:
    assert (dist / "node.iso").stat().st_size <= 190 * MB


@pytest.mark.boot_long
def test_idle_memory(installed_uefi: Installed, logs: Path) -> None:
    for vm in start_installed(installed_uefi, "uefi-secure", logs / "idle"):
        idle = idle_memory(vm)
        (logs / "idle" / "memory.json").write_text(json.dumps(idle))
        assert idle["used"] < 300 * MB, idle
