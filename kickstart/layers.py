"""Layers: one recipe flattened from the files it includes, every line with its origin."""

import os.path
import shlex
from dataclasses import dataclass
from pathlib import Path

from persist.errors import RecipeError
from persist.translation import _

MAX_DEPTH = 16


@dataclass(frozen=True)
class Line:
    """One line of a recipe and where it stands: ``file`` as asked for, ``number`` from 1."""

    file: Path
    number: int
    text: str


@dataclass(frozen=True)
class Wish:
    """One line of a %packages section: a package that is wanted, or excluded."""

    package: str
    excluded: bool
    line: Line


def read_layers(path: Path) -> tuple[Line, ...]:
    """Return the lines of ``path`` with every ``%include FILE`` replaced by that file's lines.

    A file is included relative to the file that names it, and only once: layers that share a layer
    get it once, at its first place.
    """
    return tuple(_read(path, Line(path, 1, ""), (), set()))


def _read(path: Path, origin: Line, above: tuple[Path, ...], seen: set[Path]) -> list[Line]:
    resolved = path.resolve()
    if resolved in above or len(above) > MAX_DEPTH:
        raise _error(
            origin, _("{file} includes itself").format(file=path.name), _("break the circle")
        )
    if resolved in seen:
        return []
    seen.add(resolved)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _error(
            origin,
            _("there is no file {file}").format(file=path),
            _("an include is relative to the file that names it"),
        ) from None
    lines: list[Line] = []
    for number, content in enumerate(text.splitlines(), start=1):
        line = Line(path, number, content)
        if content.startswith("%include"):
            lines += _read(_included(line), line, (*above, resolved), seen)
        else:
            lines.append(line)
    return lines


def _included(line: Line) -> Path:
    words = shlex.split(line.text)
    if words[0] != "%include" or len(words) != 2:
        raise _error(line, _("{text}: not an include").format(text=line.text), "%include FILE")
    # The shortest spelling, because this path stands in every error about the layer.
    return Path(os.path.normpath(Path(line.file.parent, words[1])))


def _error(line: Line, message: str, hint: str) -> RecipeError:
    return RecipeError(str(line.file), line.number, message, hint)


def package_wishes(lines: tuple[Line, ...]) -> tuple[Wish, ...]:
    """Return what the %packages sections of ``lines`` say, in order."""
    wishes = []
    inside = False
    for line in lines:
        words = line.text.split("#")[0].split()
        if words[:1] == ["%packages"]:
            inside = True
        elif words[:1] == ["%end"]:
            inside = False
        elif inside and words:
            name = words[0]
            wishes.append(Wish(name.removeprefix("-"), name.startswith("-"), line))
    return tuple(wishes)
