"""The man pages say what the programs can do, and every page is one that man can show."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.node_tui.cli.manual import FOLDER, PAGES, write_page

MODULES = {
    "nodectl": "node_tui.cli.nodectl",
    "node-tui": "node_tui.ui.main",
    "persist": "node_tui.cli.persist",
    "unpersist": "node_tui.cli.unpersist",
}


def help_of(name: str, *words: str) -> str:
    """Return what a program says about itself."""
    code = f"import sys; sys.argv[0] = {name!r}; from {MODULES[name]} import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, *words, "--help"],
        env={**os.environ, "NODE_LANG": "en", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    return done.stdout


def options_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_that_of_this_program(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise: python -m tests.node_tui.cli.manual"""
    monkeypatch.setenv("NODE_LANG", "en")
    monkeypatch.setenv("COLUMNS", "80")
    page = (FOLDER / f"{name}.8").read_text(encoding="utf-8")
    assert page == write_page(name, PAGES[name])


@pytest.mark.parametrize("name", PAGES)
def test_every_option_of_the_help_is_in_the_page(name: str) -> None:
    page = (FOLDER / f"{name}.8").read_text(encoding="utf-8").replace("\\-", "-")
    told = help_of(name)
    verbs = re.findall(r"^    (\w+)\b", told, re.MULTILINE) if name == "nodectl" else []
    for verb in verbs:
        assert re.search(rf"^\.B {verb}\b", page, re.MULTILINE)
        told += help_of(name, verb)
    assert len(verbs) >= 9 or name != "nodectl"
    assert options_in(told) - options_in(page) == set()
    assert "--help" in options_in(told)


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
@pytest.mark.parametrize("name", PAGES)
def test_troff_finds_nothing_wrong(name: str) -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", str(FOLDER / f"{name}.8")],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    assert done.stderr == ""
    assert name in done.stdout
