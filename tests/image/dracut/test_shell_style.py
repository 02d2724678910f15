"""Every shell file of the image is POSIX sh that shellcheck has nothing to say about."""

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[3]


def shell_files() -> list[Path]:
    """Return our shell files; dracut's module-setup.sh is bash, because dracut sources it."""
    candidates = [
        *(path for path in (SOURCE / "image/dracut").rglob("*") if path.is_file()),
        *(path for path in (SOURCE / "image/files/usr/lib/node").iterdir() if path.is_file()),
    ]
    return sorted(
        path
        for path in candidates
        if path.name != "module-setup.sh"
        and (path.suffix == ".sh" or path.read_bytes().startswith(b"#!/bin/sh"))
    )


def test_there_are_shell_files() -> None:
    assert len(shell_files()) >= 12


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_is_silent() -> None:
    argv = ["shellcheck", "--shell=dash", "--external-sources", "--source-path", str(SOURCE)]
    done = subprocess.run(
        [*argv, *map(str, shell_files())], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("module", ["99node", "99node-net"])
def test_modules_of_dracut_are_checked_as_bash(module: str) -> None:
    path = SOURCE / "image/dracut" / module / "module-setup.sh"
    # dracut defines the variables and calls the functions.
    argv = ["shellcheck", "--shell=bash", "--exclude=SC2154,SC2034,SC2086,SC2317", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.stdout == ""
