"""How the console starts: which socket, which rights, what kind of terminal."""

import os
from pathlib import Path

import pytest

from node_tui.ui.main import default_socket, role_of
from node_tui.ui.terminal import Terminal, prepare_environment, recognise_terminal


@pytest.mark.parametrize(
    ("present", "chosen"),
    [
        (("viewer", "operator", "admin"), "admin"),
        (("viewer", "operator"), "operator"),
        (("viewer",), "viewer"),
        ((), "viewer"),
    ],
)
def test_the_socket_with_the_most_rights_is_taken(
    tmp_path: Path, present: tuple[str, ...], chosen: str
) -> None:
    for role in present:
        (tmp_path / f"{role}.sock").touch()
    assert default_socket(tmp_path) == tmp_path / f"{chosen}.sock"


def test_a_socket_that_may_not_be_opened_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).stem == "viewer")
    assert default_socket(tmp_path) == tmp_path / "viewer.sock"


@pytest.mark.parametrize(
    ("name", "role"),
    [("admin.sock", "admin"), ("operator.sock", "operator"), ("other.sock", "viewer")],
)
def test_a_socket_of_another_name_gives_the_least_rights(name: str, role: str) -> None:
    assert role_of(Path("/run/node") / name) == role


@pytest.mark.parametrize(
    ("environ", "terminal"),
    [
        ({"TERM": "linux"}, Terminal(mono=False, slow=False)),
        ({"TERM": "vt220"}, Terminal(mono=True, slow=True)),
        ({"TERM": "screen"}, Terminal(mono=False, slow=True)),
        ({"TERM": "xterm-256color"}, Terminal(mono=False, slow=False)),
        ({"TERM": "xterm", "NO_COLOR": "1"}, Terminal(mono=True, slow=False)),
        ({}, Terminal(mono=False, slow=False)),
    ],
    ids=str,
)
def test_the_terminal_is_recognised(environ: dict[str, str], terminal: Terminal) -> None:
    assert recognise_terminal(environ, mono=False, serial=False) == terminal


def test_a_slow_terminal_is_repainted_once_a_second_at_most() -> None:
    assert Terminal(slow=True).repaint_gap >= 1.0
    assert Terminal().repaint_gap >= 0.25


def test_the_environment_opens_no_way_around_the_console() -> None:
    environ = {
        "TEXTUAL": "devtools",
        "TEXTUAL_DRIVER": "evil:Driver",
        "COLUMNS": "300",
        "LINES": "2",
        "COLORTERM": "truecolor",
        "TERM": "linux",
        "NODE_LANG": "zh_CN",
    }
    prepare_environment(environ, Terminal())
    assert not {"TEXTUAL", "TEXTUAL_DRIVER", "COLUMNS", "LINES", "COLORTERM"} & environ.keys()
    assert environ["NODE_LANG"] == "en"
    assert environ["TEXTUAL_COLOR_SYSTEM"] == "standard"
