"""A page stays small and knows no other page: the app knows the way between them."""

import ast
from pathlib import Path

import node_tui.ui.dialogs
import node_tui.ui.pages

FOLDERS = [Path(module.__path__[0]) for module in (node_tui.ui.pages, node_tui.ui.dialogs)]
SCREENS = ("Page", "Dialog", "AskingDialog")
BASES = ("asking.py",)


def screen_modules() -> list[Path]:
    """Return the modules that define a page or a dialog."""
    modules = [path for folder in FOLDERS for path in folder.glob("*.py") if path.name not in BASES]
    return [path for path in modules if any(f"({name}" in path.read_text() for name in SCREENS)]


def imported(path: Path) -> set[str]:
    """Return the modules that a module imports from."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


def test_no_page_imports_another() -> None:
    paths = screen_modules()
    assert len(paths) >= 5
    names = {f"node_tui.ui.{path.parent.name}.{path.stem}" for path in paths}
    for path in paths:
        assert not imported(path) & names, path.name


def test_every_page_is_under_150_lines() -> None:
    for path in screen_modules():
        assert len(path.read_text(encoding="utf-8").splitlines()) < 150, path.name
