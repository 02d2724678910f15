"""How old the packages of an image may be: what lies in the cache gets no security update."""

import json
import time
from collections.abc import Callable

from image.build.cache import cache_root, write_whole
from image.distro.debian import installed
from image.distro.mirror import Mirror
from persist.translation import _

# Days after which a build asks the mirror again by itself.
MAX_AGE = 7
DAY = 24 * 3600


def taken(max_age: int, mirror: Mirror, *, locked: bool, warn: Callable[[str], None]) -> int:
    """Return when the packages of this build were taken from the mirror, in seconds since 1970.

    It is a part of their trees' names in the cache: the time of an earlier build when that is at
    most ``max_age`` days ago, else now. With a lock it is 0, because versions say all.
    """
    if mirror.security is None:
        warn(_("the APT sources have no security archive: the image lacks security updates"))
    if locked:
        return 0
    now = int(time.time())
    before = _remembered()
    days = (now - before) // DAY
    # A time to come is a clock that was wrong then, or is now.
    if not 0 <= now - before < max_age * DAY:
        return now
    if days > 0:
        warn(_("the packages are {days} days old; --refresh takes newer ones").format(days=days))
    return before


def remember(when: int) -> None:
    """Note that packages were taken ``when``, once all of them are there, and tidy up."""
    if when and when != _remembered():
        write_whole(cache_root() / "packages.json", json.dumps({"taken": when}))
        forget_archives()


def _remembered() -> int:
    try:
        return int(json.loads((cache_root() / "packages.json").read_text())["taken"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def forget_archives() -> None:
    """Remove the packages that no tree in the cache is made of any more."""
    trees = [tree for stage in ("tools", "base") for tree in (cache_root() / stage).glob("*")]
    used = {
        archive_name(name, fields["version"], fields["architecture"])
        for tree in trees
        if tree.suffix != ".part"
        for name, fields in installed(tree).items()
    }
    for path in (cache_root() / "archives").glob("*.deb"):
        if path.name not in used:
            path.unlink()


def archive_name(name: str, version: str, architecture: str) -> str:
    """Return how APT calls the file of a package."""
    return f"{name}_{version.replace(':', '%3a')}_{architecture}.deb"
