"""``./dev`` on a host that lacks everything: it asks nothing and says what to do."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STUBS = {
    "dpkg-query": "exit 1",
    "id": "echo 0",
    "apt-get": 'echo "$DEBIAN_FRONTEND $*" >>"$LOG"; cat >>"$LOG"\n'
    'for word in "$@"; do [ "$word" != "$FAILS" ] || exit 100; done',
    "sleep": 'echo "sleep $1" >>"$LOG"',
}


@pytest.fixture
def host(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "dev", tmp_path / "dev")
    for name, body in STUBS.items():
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    return tmp_path


def run_dev(host: Path, *, fails: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    env = {"PATH": f"{host}/bin:{os.environ['PATH']}", "LOG": f"{host}/log", "FAILS": fails}
    done = subprocess.run(
        ["dash", f"{host}/dev", "image"],
        env=env, capture_output=True, text=True, check=False, input="y\ny\n", timeout=60,
    )  # fmt: skip
    return done, (host / "log").read_text().splitlines()


def test_a_package_that_does_not_install_ends_it_with_words(host: Path) -> None:
    done, said = run_dev(host, fails="install")
    assert done.returncode == 1
    assert "dev: apt-get could not install: python3 " in done.stderr
    # Nothing of our standard input reached APT, and it was told not to ask.
    assert len(said) == 2
    assert all(line.startswith("noninteractive -qq -y -o DPkg::Lock::Timeout=600") for line in said)


def test_a_locked_apt_is_waited_for_but_not_for_ever(host: Path) -> None:
    done, said = run_dev(host, fails="update")
    assert done.returncode == 1
    assert said.count("sleep 10") == 11
    assert "is another apt running?" in done.stderr


def test_a_command_that_is_not_there_is_told(host: Path) -> None:
    done = subprocess.run(
        ["dash", f"{host}/dev", "fly"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "./dev run" in done.stderr
