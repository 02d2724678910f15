"""Every page as it stands on a real terminal, against text goldens; ``UPDATE_GOLDENS=1`` rewrites.

The goldens are plain text: a change of the look is reviewed as a difference of the drawing.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from node_tui.ui.lines import SAFE_GLYPHS
from tests.fakes.node_client import SCENES
from tests.node_tui.ui.pty_screen import PtyScreen

GOLDEN = Path(__file__).parent / "golden"
SIZES = ((80, 24), (60, 16))
# Keys that lead from the first page to each other one, and what shows that it is there.
WAYS: dict[str, list[tuple[str, str]]] = {
    "status-installed": [],
    "login": [("l", "Password")],
    "login-refused": [("l", "Password"), ("wrong\r", "Wrong name")],
    "menu": [("l", "Password"), ("right\r", "Choose")],
    "menu-power": [("l", "Password"), ("right\r", "Choose"), ("\x1b[B", "> Power")],
    "power": [("p", "Password"), ("right\r", "[>Cancel ]")],
    "help": [("?", "Keys that are valid")],
    "status-logged-in": [("l", "Password"), ("right\r", "Choose"), ("s", "admin logged in")],
}
LIVE_WAYS: dict[str, list[tuple[str, str]]] = {
    "live-open": [("l", "Choose"), ("s", "without a login")],
}
PAGES = [
    *(("installed", name) for name in WAYS),
    *((scene, f"status-{scene}") for scene in SCENES if scene != "installed"),
    *(("live", name) for name in LIVE_WAYS),
]


def compare(terminal: PtyScreen, name: str) -> None:
    """Hold the screen, once it has come to rest, against the golden of that name."""
    path = GOLDEN / f"{name}-{terminal.columns}x{terminal.rows}.txt"
    if os.environ.get("UPDATE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        while terminal.pump(1.0):
            continue
        text = terminal.text
        path.write_text(text + "\n", encoding="utf-8")
    golden = path.read_text(encoding="utf-8").removesuffix("\n")
    with suppress(AssertionError):
        terminal.wait_for(lambda text: text == golden)
    assert terminal.text == golden


def go(terminal: PtyScreen, name: str) -> None:
    """Walk to a page by keys."""
    terminal.wait_for("?")
    for keys, sign in {**WAYS, **LIVE_WAYS}.get(name, []):
        terminal.send(keys)
        terminal.wait_for(sign)


@pytest.mark.parametrize(("scene", "name"), PAGES, ids=[name for _, name in PAGES])
def test_page(scene: str, name: str) -> None:
    with PtyScreen.of_scene(scene) as terminal:
        go(terminal, name)
        compare(terminal, name)
        terminal.resize(60, 16)
        compare(terminal, name)


def test_a_resize_draws_what_a_fresh_start_would() -> None:
    with PtyScreen.of_scene("installed") as terminal:
        terminal.wait_for("?")
        for columns, rows in ((20, 5), (60, 16), (200, 60), (80, 24), (10, 2), (60, 16), (80, 24)):
            terminal.resize(columns, rows)
            if (columns, rows) in SIZES:
                compare(terminal, "status-installed")


@pytest.mark.parametrize("repair", ["winch", "\x1b[15~"], ids=["winch", "F5"])
def test_what_something_else_wrote_over_the_screen_is_drawn_again(repair: str) -> None:
    with PtyScreen.of_scene("installed") as terminal:
        terminal.wait_for("?")
        compare(terminal, "status-installed")
        terminal.screen.reset()
        if repair == "winch":
            terminal.process.send_signal(signal.SIGWINCH)
        else:
            terminal.send(repair)
        compare(terminal, "status-installed")


def test_mono_shows_the_same_words_and_marks_the_focus() -> None:
    """Without colours nothing is lost: the text is that of the colour golden."""
    with PtyScreen.of_scene("installed", "--mono") as terminal:
        terminal.wait_for("?")
        compare(terminal, "status-installed")
        terminal.send("p")
        terminal.wait_for("Password")
        compare(terminal, "login")
        terminal.send("right\r")
        terminal.wait_for("Cancel ]")
        compare(terminal, "power")
        cells = [cell for row in terminal.screen.buffer.values() for cell in row.values()]
        assert {(cell.fg, cell.bg) for cell in cells} == {("default", "default")}
        assert any(cell.reverse for cell in cells)


def test_colours_are_the_eight_dark_ones() -> None:
    with PtyScreen.of_scene("degraded") as terminal:
        terminal.wait_for("DEGRADED")
        cells = [cell for row in terminal.screen.buffer.values() for cell in row.values()]
    dark = {"default", "black", "red", "green", "brown", "blue", "magenta", "cyan", "white"}
    assert {cell.fg for cell in cells} | {cell.bg for cell in cells} <= dark
    assert not any(cell.bold for cell in cells)


def test_every_glyph_of_every_golden_is_in_every_console_font() -> None:
    goldens = sorted(GOLDEN.glob("*.txt"))
    assert len(goldens) >= 2 * len(PAGES)
    for path in goldens:
        strange = set(path.read_text(encoding="utf-8")) - SAFE_GLYPHS - {"\n"}
        assert not strange, f"{path.name}: {strange}"


def test_goldens_belong_to_a_page() -> None:
    known = {f"{name}-{columns}x{rows}.txt" for _, name in PAGES for columns, rows in SIZES}
    assert {path.name for path in GOLDEN.glob("*.txt")} == known


def test_a_terminal_of_unknown_size_counts_as_80x24() -> None:
    with PtyScreen.of_scene("installed", columns=80, rows=24) as terminal:
        terminal.resize_silently(0, 0)
        compare(terminal, "status-installed")
