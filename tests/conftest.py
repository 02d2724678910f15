"""What all tiers share: where the product lies, and what happens when something is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def lacks(reason: str) -> None:
    """Skip the test because something is missing; in CI nothing may be missing, so fail there."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must have everything, but {reason}", pytrace=False)
    pytest.skip(reason)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a developer point at an unpacked tree or other artifacts than the newest build."""
    parser.addoption("--rootfs", type=Path, help="root filesystem for the container tier")
    parser.addoption("--artifacts", type=Path, default=ROOT / "dist", help="artifacts to boot")


@pytest.fixture(scope="session")
def rootfs(request: pytest.FixtureRequest) -> Path:
    """The built root filesystem as the builder keeps it; never written to."""
    if os.geteuid() != 0:
        lacks("root is needed to boot containers")
    asked: Path | None = request.config.getoption("--rootfs")
    if asked:
        return asked.resolve()
    argv = (sys.executable, "-m", "image.cli", "info", "--rootfs")
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    path = Path(done.stdout.strip() or "/nonexistent")
    if done.returncode or not path.is_dir():
        lacks(f"there is no built root filesystem ({done.stderr.strip()[-200:]}); run ./dev image")
    return path


@pytest.fixture(scope="session")
def dist(request: pytest.FixtureRequest) -> Path:
    """The folder of built artifacts."""
    folder: Path = request.config.getoption("--artifacts")
    if not (folder / "node.iso").exists():
        lacks(f"{folder}/node.iso is missing; run ./dev image")
    return folder.resolve()
