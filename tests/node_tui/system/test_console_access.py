"""When the console is open: on a live medium, as long as admin has no password."""

from pathlib import Path

import pytest

from node_tui.system.console_access import is_console_open

LOCKED = "root:!*:20000::::::\nadmin:!:20000::::::\n"


def make_root(root: Path, mode: str, shadow: str) -> Path:
    (root / "run/node").mkdir(parents=True)
    (root / "run/node/boot.json").write_text(f'{{"mode": "{mode}"}}')
    (root / "etc").mkdir()
    (root / "etc/shadow").write_text(shadow)
    return root


@pytest.mark.parametrize(
    ("mode", "shadow", "is_open"),
    [
        ("live", LOCKED, True),
        ("live", LOCKED.replace("admin:!", "admin:*"), True),
        ("live", LOCKED.replace("admin:!", "admin:$y$j9T$salt$hash"), False),
        ("live", LOCKED.replace("admin:!", "admin:"), False),
        ("live", "root:!*:20000::::::\n", False),
        ("live", "\n" + LOCKED, False),
        ("live", "damaged\n" + LOCKED, False),
        ("installed", LOCKED, False),
        ("stateless", LOCKED, False),
    ],
)
def test_who_may_use_the_console(tmp_path: Path, mode: str, shadow: str, *, is_open: bool) -> None:
    assert is_console_open(make_root(tmp_path, mode, shadow)) is is_open


def test_what_cannot_be_read_is_closed(tmp_path: Path) -> None:
    assert is_console_open(tmp_path) is False
