"""The house rules that a look at the tree can find."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("persist", "kickstart", "plugins", "image", "node_tui")
MAX_LINES = 400
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "common", "misc"}
STARTERS = {"node_tui/system/command.py", "image/build/host.py"}


def _sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def _run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)


def test_no_file_is_long() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in _sources(*PACKAGES, "tests")
        if (lines := len(path.read_text().splitlines())) > MAX_LINES
    }
    assert not long


def test_no_dumping_ground_by_name() -> None:
    assert not [path for path in _sources(*PACKAGES, "tests") if path.stem in FORBIDDEN_NAMES]


def test_only_two_modules_start_processes() -> None:
    importing = {
        str(path.relative_to(ROOT))
        for path in _sources(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Import) and any(a.name == "subprocess" for a in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "subprocess")
    }
    assert importing <= STARTERS


def test_nothing_builds_a_string_for_a_shell() -> None:
    risky = re.compile(r"shell=True|os\.system\(|os\.popen\(")
    assert not [path for path in _sources(*PACKAGES) if risky.search(path.read_text())]


@pytest.mark.parametrize(
    "package", ["persist", "kickstart.arguments", "plugins.api", "node_tui.plan"]
)
def test_pure_rooms_load_without_the_machine(package: str) -> None:
    machine = {"dbus", "libvirt", "pyudev", "textual"}
    probe = f"import {package}, sys; print(sorted({machine} & set(sys.modules)))"
    assert _run(sys.executable, "-c", probe).stdout.strip() == "[]"


def test_imports_point_down() -> None:
    result = _run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff(command: list[str]) -> None:
    result = _run(str(Path(sys.executable).with_name("ruff")), *command)
    assert result.returncode == 0, result.stdout


def test_types() -> None:
    result = _run(str(Path(sys.executable).with_name("mypy")))
    assert result.returncode == 0, result.stdout


def test_shell_scripts() -> None:
    assert shutil.which("shellcheck"), "shellcheck is missing: ./dev check installs it"
    listed = _run("git", "ls-files").stdout.splitlines()
    scripts = [
        name
        for name in listed
        if (ROOT / name).is_file() and (ROOT / name).read_bytes().startswith(b"#!/bin/sh")
    ]
    assert "dev" in scripts
    result = _run("shellcheck", *scripts)
    assert result.returncode == 0, result.stdout
