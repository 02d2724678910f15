"""The lock of a build: every package version, so that it can be made again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from image.distro.debian import installed
from persist.errors import RecipeError
from persist.translation import _


@dataclass(frozen=True)
class Lock:
    """Package versions of the tools tree and of the image; empty when nothing is locked."""

    source: Path | None = None
    tools: Mapping[str, str] = field(default_factory=dict)
    image: Mapping[str, str] = field(default_factory=dict)

    def check(self, tools_tree: Path, base: Path) -> None:
        """Raise RecipeError naming what the mirror does not have in the locked version, or what is
        installed and not in the lock."""
        if self.source is None:
            return
        missing, strange = [], []
        for locked, tree in ((self.tools, tools_tree), (self.image, base)):
            found = {name: fields["version"] for name, fields in installed(tree).items()}
            missing += [
                f"{name} {locked[name]}" for name in sorted(dict(locked.items() - found.items()))
            ]
            strange += [f"{name} {found[name]}" for name in sorted(found.keys() - locked.keys())]
        if strange and not missing:
            raise RecipeError(
                str(self.source),
                1,
                _("not in the lock, but installed: {strange}").format(strange=", ".join(strange)),
                _("build from the commit that the lock belongs to"),
            )
        if missing:
            raise RecipeError(
                str(self.source),
                1,
                _("the mirror no longer has: {missing}").format(missing=", ".join(missing)),
                _("use a mirror that keeps old versions, or build without --lock"),
            )


def read_lock(path: Path | None) -> Lock:
    """Return the lock in ``path``, or an empty one."""
    if path is None:
        return Lock()
    try:
        content = json.loads(path.read_text())
        return Lock(path, dict(content["tools"]), dict(content["image"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecipeError(
            str(path),
            1,
            _("not a package lock: {error}").format(error=error),
            _("take dist/node-VERSION.lock.json of an earlier build"),
        ) from error


def write_lock(path: Path, tools_tree: Path, base: Path) -> None:
    """Write the versions of everything in ``tools_tree`` and ``base``."""
    content = {
        part: {name: fields["version"] for name, fields in sorted(installed(tree).items())}
        for part, tree in (("tools", tools_tree), ("image", base))
    }
    path.write_text(json.dumps(content, indent=1) + "\n")
