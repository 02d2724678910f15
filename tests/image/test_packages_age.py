"""Packages do not grow old in the cache: taken again after a week, at once with --refresh."""

import time
from pathlib import Path

import pytest

from image.build import packages
from image.build.cache import cache_root
from image.distro.mirror import Mirror, Source
from persist.errors import StepError
from tests.image.test_papers import STATUS

ARCHIVE = Source("http://mirror.example/debian", ("trixie",), ("main",))
SECURITY = Source("http://mirror.example/security", ("trixie-security",), ("main",))
NOW = 1_700_000_000


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NODE_IMAGE_CACHE", str(tmp_path))
    monkeypatch.setattr(time, "time", lambda: NOW)
    return tmp_path


def taken(max_age: int, *, locked: bool = False, mirror: Mirror | None = None) -> tuple[int, str]:
    said: list[str] = []
    when = packages.taken(
        max_age, mirror or Mirror(ARCHIVE, SECURITY), locked=locked, warn=said.append
    )
    return when, "; ".join(said)


def test_packages_of_this_week_are_used_again_and_their_age_is_told() -> None:
    assert taken(7) == (NOW, "")
    packages.remember(NOW - 3 * packages.DAY)
    assert taken(7) == (
        NOW - 3 * packages.DAY,
        "the packages are 3 days old; --refresh takes newer ones",
    )


@pytest.mark.parametrize(("age", "max_age"), [(8, 7), (7, 7), (1, 0), (-1, 7)])
def test_older_ones_and_those_of_a_wrong_clock_are_taken_again(age: int, max_age: int) -> None:
    packages.remember(NOW - age * packages.DAY)
    assert taken(max_age) == (NOW, "")


def test_a_lock_says_all_whatever_the_day() -> None:
    packages.remember(NOW - 90 * packages.DAY)
    assert taken(7, locked=True) == (0, "")
    packages.remember(0)
    assert taken(365)[0] == NOW - 90 * packages.DAY


def test_a_host_without_security_archive_is_warned() -> None:
    said = "the APT sources have no security archive: the image lacks security updates"
    assert taken(7, mirror=Mirror(ARCHIVE, None)) == (NOW, said)


def test_archives_that_no_tree_uses_are_removed(cache: Path) -> None:
    status = cache / "base/0123/var/lib/dpkg/status"
    status.parent.mkdir(parents=True)
    status.write_text(STATUS.replace("1.13-3+deb13u1", "1:1.13-3"))
    archives = cache / "archives"
    archives.mkdir()
    for name in ("rauc_1%3a1.13-3_amd64.deb", "rauc_1%3a1.12-1_amd64.deb"):
        (archives / name).touch()
    packages.remember(NOW)
    assert [path.name for path in archives.iterdir()] == ["rauc_1%3a1.13-3_amd64.deb"]


def test_too_little_room_is_said_before_anything_is_done(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from image.build import space  # noqa: PLC0415 - only this test needs it

    usage = type("usage", (), {"free": 1_500_000_000})
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _place: usage)
    with pytest.raises(StepError) as caught:
        space.check_space(cache / "not-yet/there", cache / "dist")
    assert str(caught.value).replace(str(cache_root()), "CACHE") == (
        "CACHE has 1500 MB free, a build needs 4500 MB\n"
        "make room there, or name a folder with room in NODE_IMAGE_CACHE"
    )
