"""The README's two commands on a fresh Debian 12 and 13, where nothing but git is prepared.

No tier collects this file by its name; ``./dev accept`` asks for it.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.accept.fresh.debian import PLACE, FreshDebian, fresh_debian
from tests.conftest import ROOT, lacks

GIB = 2**30
NEEDED = 14 * GIB
TESTS_TIMEOUT = 150 * 60.0
BUILD_TIMEOUT = 40 * 60.0
BOOT_TIMEOUT = 600.0
CTRL_A_X = b"\x01x"


@pytest.fixture(scope="module", params=["trixie", "bookworm"])
def fresh(request: pytest.FixtureRequest) -> Iterator[FreshDebian]:
    """A release with the sources in /root/node; one at a time, they take gigabytes."""
    if os.geteuid() != 0:
        lacks("root is needed to make a fresh system")
    if shutil.which("mmdebstrap") is None:
        lacks("mmdebstrap is missing")
    if shutil.disk_usage(PLACE.parent).free < NEEDED:
        lacks(f"a fresh system needs {NEEDED // GIB} GiB in {PLACE.parent}")
    with fresh_debian(request.param) as system:
        yield system


@pytest.fixture
def log(fresh: FreshDebian, request: pytest.FixtureRequest) -> Path:
    """Where the terminal of a test is kept."""
    folder = ROOT / "dist" / "fresh"
    folder.mkdir(parents=True, exist_ok=True)
    path: Path = folder / f"{fresh.suite}-{request.node.originalname}.log"
    path.unlink(missing_ok=True)
    return path


def test_dev_run_ends_with_the_console(fresh: FreshDebian, log: Path) -> None:
    with fresh.on_terminal("cd /root/node && ./dev run", log) as terminal:
        terminal.expect(r"(?i)press .*key", timeout=BUILD_TIMEOUT + BOOT_TIMEOUT)
        terminal.type(b"\r")
        terminal.expect("Reach this node", timeout=BOOT_TIMEOUT)
        terminal.type(CTRL_A_X)
        assert terminal.process.wait(timeout=60) == 0


def test_dev_test_passes(fresh: FreshDebian, log: Path) -> None:
    result = fresh.run("cd /root/node && ./dev test", log, timeout=TESTS_TIMEOUT)
    said = log.read_text(errors="replace")
    assert result == 0, said[-4000:]
    assert re.search(r"\d+ passed", said)
    # Skipped for want of something would be no proof.
    assert not re.search(r"\d+ skipped", said), said[-4000:]
