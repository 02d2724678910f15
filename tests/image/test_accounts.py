"""System accounts: fixed numbers from the recipe's table, and an error for one that moved."""

from pathlib import Path

import pytest

from image.build.accounts import account_lines, check_accounts, forget_password_dates
from kickstart.recipe import Recipe, load_recipe, variant_recipe
from persist.errors import StepError


@pytest.fixture
def recipe() -> Recipe:
    return load_recipe(variant_recipe("minimal"))


@pytest.fixture
def rootfs(tmp_path: Path, recipe: Recipe) -> Path:
    (tmp_path / "etc").mkdir()
    lines = account_lines(recipe)
    start = {"passwd": "root:x:0:0:root:/root:/bin/bash\n", "group": "root:x:0:\nusers:x:100:\n"}
    for name in ("passwd", "group"):
        (tmp_path / "etc" / name).write_text(start[name] + lines[name])
    return tmp_path


def test_members_and_shells_come_from_the_recipe(recipe: Recipe) -> None:
    lines = account_lines(recipe)
    admin = "admin:x:1000:1000:Administrator:/var/lib/node/admin:/usr/bin/node-login"
    assert admin in lines["passwd"].splitlines()
    assert "node-viewer:x:960:node-console" in lines["group"].splitlines()
    assert "admin:!:1:0:99999:7:::" in lines["shadow"].splitlines()


def test_accounts_of_the_table_pass(rootfs: Path, recipe: Recipe) -> None:
    check_accounts(rootfs, recipe)


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("passwd", "newdaemon:x:998:998::/:/bin/false\n", "newdaemon (passwd 998)"),
        ("group", "newdaemon:x:101:\n", "newdaemon (group 101)"),
    ],
)
def test_an_account_outside_the_table_breaks_the_build(
    rootfs: Path, recipe: Recipe, file: str, line: str, said: str
) -> None:
    with (rootfs / "etc" / file).open("a") as stream:
        stream.write(line)
    with pytest.raises(StepError) as caught:
        check_accounts(rootfs, recipe)
    assert caught.value.message == f"accounts without a fixed id: {said}"


def test_a_moved_account_breaks_the_build(rootfs: Path, recipe: Recipe) -> None:
    path = rootfs / "etc/group"
    path.write_text(path.read_text().replace("messagebus:x:103:", "messagebus:x:997:"))
    with pytest.raises(StepError, match=r"messagebus \(group 997\)"):
        check_accounts(rootfs, recipe)


def test_shadow_tells_nothing_of_the_day_of_the_build(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/shadow").write_text("root:!*:20777:0:99999:7:::\nadmin:!:1:0:99999:7:::\n")
    forget_password_dates(tmp_path)
    assert (tmp_path / "etc/shadow").read_text() == (
        "root:!*:1:0:99999:7:::\nadmin:!:1:0:99999:7:::\n"
    )
