"""Chinese is complete, keeps its replacement fields, and keeps the frame of every page."""

import pytest
from rich.cells import cell_len

from tests.fakes.node_client import SCENES
from tests.node_tui.ui import catalogue
from tests.node_tui.ui.pty_screen import PtyScreen

UPDATE = "python -m tests.node_tui.ui.catalogue lists and adds them to node.po"


@pytest.fixture(scope="module")
def compiled() -> None:
    catalogue.compile_catalogue()


def test_every_string_of_the_code_is_translated() -> None:
    translated = catalogue.translations(catalogue.read_catalogue())
    missing = catalogue.strings_of_the_code() - translated.keys()
    assert not missing, UPDATE


def test_no_translation_is_left_over() -> None:
    translated = catalogue.translations(catalogue.read_catalogue())
    assert not translated.keys() - catalogue.strings_of_the_code(), UPDATE


def test_translations_keep_the_replacement_fields() -> None:
    for text, translated in catalogue.translations(catalogue.read_catalogue()).items():
        assert catalogue.fields(text) == catalogue.fields(translated), text


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("scene", SCENES)
def test_chinese_keeps_its_frame(scene: str) -> None:
    with PtyScreen.of_scene(scene, env={"NODE_LANG": "zh_CN", "TERM": "screen"}) as terminal:
        text = terminal.wait_for(lambda text: "\u5e2e\u52a9" in text.replace(" ", ""))
    rows = [row.rstrip() for row in text.splitlines()[1:-1]]
    assert {row[-1] for row in rows} <= set("\u2502\u2524\u2510\u2518")
    # pyte holds an empty cell after each wide one, which its display joins to nothing.
    assert {cell_len(row) for row in rows} == {80}


@pytest.mark.usefixtures("compiled")
def test_the_vt_never_shows_chinese() -> None:
    with PtyScreen.of_scene("installed", env={"NODE_LANG": "zh_CN", "TERM": "linux"}) as terminal:
        assert terminal.wait_for("Help").isascii() is False
        assert "HEALTHY" in terminal.text
