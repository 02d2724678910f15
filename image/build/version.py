"""The version of an image: from the git tag, or what lies between two tags."""

import re
from dataclasses import dataclass
from pathlib import Path

from image.build import host
from persist import __version__
from persist.errors import DependencyError, NodeError, StepError
from persist.translation import _

SOURCE = Path(__file__).parent.parent.parent
STEP = "version"
# 1980-01-01: the time of a copy without history. FAT, which the ISO has inside, knows none before.
NO_TIME = 315532800
# What an image is made of.
SHIPPED = ("persist", "kickstart", "plugins", "image", "node_tui")
# Stands in file names, os-release and GRUB menus, so nothing but these.
VERSION = re.compile(r"\d+\.\d+\.\d+(~[a-z0-9.]+)?(\+[a-z0-9.]+)?")


@dataclass(frozen=True)
class Origin:
    """What is being built: ``version``, the ``commit`` (or "unknown"), and the commit's time in
    seconds since 1970, which is the time of every file of the image."""

    version: str
    commit: str
    epoch: int


def origin(asked: str | None) -> Origin:
    """Return the origin of this source tree, called ``asked`` when that is given."""
    if asked is not None and not VERSION.fullmatch(asked):
        raise NodeError(
            _("{version} is not a version").format(version=asked),
            _("MAJOR.MINOR.PATCH, for example 1.2.0 or 1.2.0~rc1"),
        )
    try:
        if Path(_git("rev-parse", "--show-toplevel")).resolve() != SOURCE.resolve():
            # An installed copy inside a repository of something else.
            return Origin(asked or __version__, "unknown", NO_TIME)
        commit = _git("rev-parse", "HEAD")
        epoch = int(_git("log", "-1", "--format=%ct"))
    except (StepError, DependencyError):
        # An installed copy has no history: its own version, and a time that every build has.
        return Origin(asked or __version__, "unknown", NO_TIME)
    return Origin(asked or _described(commit), commit, epoch)


def _described(commit: str) -> str:
    """Return the tag's version, or NEXT~devCOMMITS+gHASH between tags."""
    # New files of these folders are in the image too, whether git knows them or not.
    dirty = ".dirty" if _git("status", "--porcelain", "--", *SHIPPED) else ""
    mark = f"+g{commit[:7]}{dirty}"
    try:
        # v1.2.0 is a version; v1.2.0-rc1 and v1.2 are other people's marks.
        which = ("--match=v[0-9]*.[0-9]*.[0-9]*", "--exclude=*[!v0-9.]*")
        tag, commits, _hash = _git("describe", "--tags", "--long", *which).rsplit("-", 2)
    except StepError:
        return f"{__version__}~dev{_git('rev-list', '--count', 'HEAD')}{mark}"
    major, minor, patch = tag.removeprefix("v").split(".")
    if commits == "0" and not dirty:
        return tag.removeprefix("v")
    return f"{major}.{minor}.{int(patch) + 1}~dev{commits}{mark}"


def _git(*words: str) -> str:
    # The tree may belong to someone else than root, who builds; git would refuse to read it.
    # Without optional locks: root's index would shut the owner out.
    argv = [
        "git",
        "--no-optional-locks",
        "-C",
        str(SOURCE),
        "-c",
        f"safe.directory={SOURCE}",
        *words,
    ]
    return host.run(argv, step=STEP).decode().strip()
