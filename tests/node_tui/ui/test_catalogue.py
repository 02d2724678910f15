"""Chinese is complete, keeps its replacement fields, and keeps the frame of every page."""

import ast

import pytest

from node_tui.ui.feed import Snapshot, look
from node_tui.ui.lines import text_of, width_of
from node_tui.ui.pages.status_drawing import draw_status
from persist import translation
from tests.fakes.node_client import SCENES
from tests.node_tui.ui import catalogue
from tests.node_tui.ui.pty_screen import PtyScreen

UPDATE = "python -m tests.node_tui.ui.catalogue lists and adds them to node.po"


@pytest.fixture(scope="module")
def compiled() -> None:
    """The translations are remembered for the life of a process: forget those of an older file."""
    catalogue.compile_catalogue()
    translation._translations.cache_clear()


def test_every_string_of_the_code_is_translated() -> None:
    translated = catalogue.translations(catalogue.read_catalogue())
    missing = catalogue.strings_of_the_code() - translated.keys()
    assert not missing, UPDATE


def test_no_string_of_the_code_hides_in_another() -> None:
    """Up to Python 3.11 an f-string is one token, and what ``_`` gets inside of it is not found."""
    hidden = [
        f"{path.relative_to(catalogue.ROOT)}:{call.lineno}"
        for package in catalogue.PACKAGES
        for path in (catalogue.ROOT / package).rglob("*.py")
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "_"
    ]
    assert not hidden


def test_no_translation_is_left_over() -> None:
    translated = catalogue.translations(catalogue.read_catalogue())
    assert not translated.keys() - catalogue.strings_of_the_code(), UPDATE


def test_translations_keep_the_replacement_fields() -> None:
    for text, translated in catalogue.translations(catalogue.read_catalogue()).items():
        assert catalogue.fields(text) == catalogue.fields(translated), text


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("width", [48, 80, 120])
@pytest.mark.parametrize("scene", [scene for scene in SCENES if scene != "broken"])
def test_chinese_keeps_its_frame(scene: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_LANG", "zh_CN")
    snapshot = look(SCENES[scene], Snapshot())
    rows = draw_status(snapshot, width, 22, console=translation._("Console"))
    assert {width_of(row) for row in rows} == {width}
    assert "\u8bbf\u95ee\u6b64\u8282\u70b9" in "".join(map(text_of, rows))


@pytest.mark.usefixtures("compiled")
def test_a_terminal_that_has_the_glyphs_shows_chinese() -> None:
    with PtyScreen.of_scene("installed", env={"NODE_LANG": "zh_CN", "TERM": "screen"}) as terminal:
        terminal.wait_for(lambda text: "\u5e2e\u52a9" in text.replace(" ", ""))


@pytest.mark.usefixtures("compiled")
def test_the_vt_never_shows_chinese() -> None:
    with PtyScreen.of_scene("installed", env={"NODE_LANG": "zh_CN", "TERM": "linux"}) as terminal:
        assert terminal.wait_for("Help").isascii() is False
        assert "HEALTHY" in terminal.text
