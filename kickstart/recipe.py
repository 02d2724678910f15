"""How an image is described: layered kickstart files parsed into one frozen Recipe.

Kickstart files are read with pykickstart (GPL), which is used on the build side only. What is
wanted twice is wanted once; what contradicts itself across layers is an error with file and line.
"""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pykickstart.constants import KS_SCRIPT_POST
from pykickstart.errors import KickstartError, KickstartParseWarning
from pykickstart.parser import KickstartParser

from kickstart.commands import RecipeHandler
from kickstart.layers import Line, Wish, package_wishes, read_layers
from persist.errors import RecipeError
from persist.translation import _

RECIPES = Path(__file__).parent / "recipes"
MB = 10**6


@dataclass(frozen=True)
class Account:
    """A user of the image. ``groups`` are further groups; ``locked`` means no password logs in."""

    name: str
    uid: int
    gid: int
    groups: tuple[str, ...] = ()
    home: str = "/nonexistent"
    shell: str = "/usr/sbin/nologin"
    title: str = ""


@dataclass(frozen=True)
class Script:
    """A %post script. ``inside`` runs in the image by chroot, otherwise beside it, with
    INSTALL_ROOT naming it. ``origin`` is file:line."""

    text: str
    interpreter: str
    inside: bool
    origin: str


@dataclass(frozen=True)
class Budget:
    """How large the ISO may be, in bytes: a warning above ``warn``, an error above ``limit``."""

    warn: int
    limit: int


@dataclass(frozen=True)
class Recipe:
    """What an image is made of. ``without_modules`` are groups of kernel modules that
    stay out; ``origins`` says where a package or a unit was named."""

    variant: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    packages: tuple[str, ...]
    excludes: tuple[str, ...]
    build_only: tuple[str, ...]
    without_modules: tuple[str, ...]
    enabled: tuple[str, ...]
    disabled: tuple[str, ...]
    groups: tuple[tuple[str, int], ...]
    users: tuple[Account, ...]
    scripts: tuple[Script, ...]
    budget: Budget
    origins: dict[str, str]


def variant_recipe(variant: str) -> Path:
    """Return the recipe file of a variant that comes with the project."""
    path = RECIPES / "variants" / variant / f"{variant}.ks"
    if not path.is_file():
        known = ", ".join(sorted(folder.name for folder in (RECIPES / "variants").iterdir()))
        raise RecipeError(
            str(path), 1, _("no such variant"), _("the variants are: {known}").format(known=known)
        )
    return path


def load_recipe(path: Path) -> Recipe:
    """Parse ``path`` and the layers it includes. Raises RecipeError with file and line."""
    lines = read_layers(path)
    handler = _parse(lines, path)
    wishes = package_wishes(lines)
    _refuse_conflicts(wishes)
    suites, components = _suites(handler, path)
    enabled, disabled = _services(lines)
    origins = {wish.package: wish.line for wish in wishes} | enabled | disabled
    return Recipe(
        variant=path.stem,
        suites=suites,
        components=components,
        packages=_unique(wish.package for wish in wishes if not wish.excluded),
        excludes=_unique(wish.package for wish in wishes if wish.excluded),
        build_only=_unique(
            name for _line, use in handler.commands["buildonly"].uses for name in use.packages
        ),
        without_modules=_unique(
            name for _line, use in handler.commands["modulegroups"].uses for name in use.without
        ),
        enabled=tuple(sorted(enabled)),
        disabled=tuple(sorted(disabled)),
        groups=_groups(handler, lines),
        users=_users(handler, lines),
        scripts=_scripts(handler, lines),
        budget=_budget(handler, path),
        origins={name: _origin(line) for name, line in origins.items()},
    )


def _parse(lines: tuple[Line, ...], path: Path) -> Any:
    """Return the handler that pykickstart filled from the flattened ``lines``."""
    handler = RecipeHandler()
    parser = KickstartParser(handler)
    text = "".join(f"{line.text}\n" for line in lines)
    try:
        with warnings.catch_warnings():
            # An account named twice: one table decides that, with file and line, further down.
            warnings.simplefilter("ignore", KickstartParseWarning)
            parser.readKickstartFromString(text)
    except KickstartError as error:
        line = lines[error.lineno - 1] if error.lineno else Line(path, 1, "")
        raise RecipeError(
            str(line.file),
            line.number,
            str(error.message),
            _("the line reads: {text}").format(text=line.text.strip()),
        ) from error
    return handler


def _refuse_conflicts(wishes: tuple[Wish, ...]) -> None:
    first: dict[str, Wish] = {}
    for wish in wishes:
        other = first.setdefault(wish.package, wish)
        if other.excluded != wish.excluded:
            wanted, excluded = (other, wish) if wish.excluded else (wish, other)
            raise RecipeError(
                str(wish.line.file),
                wish.line.number,
                _("package {name} is wanted at {wanted} and excluded at {excluded}").format(
                    name=wish.package, wanted=_origin(wanted.line), excluded=_origin(excluded.line)
                ),
                _("keep one of the two lines"),
            )


def _suites(handler: Any, path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    uses = handler.commands["suite"].uses
    if not uses:
        raise RecipeError(
            str(path), 1, _("no suite to install from"), "suite --name=NAME --components=main"
        )
    return (
        _unique(use.name for _line, use in uses),
        _unique(component for _line, use in uses for component in use.components),
    )


def _budget(handler: Any, path: Path) -> Budget:
    uses = handler.commands["budget"].uses
    if not uses:
        raise RecipeError(str(path), 1, _("no size budget"), "budget --warn=150 --limit=190")
    _line, last = uses[-1]
    return Budget(last.warn * MB, last.limit * MB)


def _services(lines: tuple[Line, ...]) -> tuple[dict[str, Line], dict[str, Line]]:
    """Return the units that ``services`` lines enable and those they disable, over all layers.

    pykickstart keeps only the last ``services`` line: right for a file, wrong for layers.
    """
    named: dict[str, dict[str, Line]] = {"--enabled": {}, "--disabled": {}}
    for line in lines:
        words = line.text.split("#")[0].split()
        for word in words[1:] if words[:1] == ["services"] else ():
            option, _equals, names = word.partition("=")
            named[option].update((name, line) for name in names.split(",") if name)
    enabled, disabled = named["--enabled"], named["--disabled"]
    for name in sorted(enabled.keys() & disabled.keys()):
        line = disabled[name]
        raise RecipeError(
            str(line.file),
            line.number,
            _("service {name} is disabled here and enabled at {other}").format(
                name=name, other=_origin(enabled[name])
            ),
            _("keep one of the two lines"),
        )
    return enabled, disabled


def _groups(handler: Any, lines: tuple[Line, ...]) -> tuple[tuple[str, int], ...]:
    groups = [(data.name, data.gid, lines[data.lineno - 1]) for data in handler.group.groupList]
    _refuse_moved(groups, _("group"))
    return tuple(sorted({(name, gid) for name, gid, _line in groups}, key=lambda pair: pair[1]))


def _users(handler: Any, lines: tuple[Line, ...]) -> tuple[Account, ...]:
    listed = handler.user.userList
    _refuse_moved([(data.name, data.uid, lines[data.lineno - 1]) for data in listed], _("user"))
    accounts = {
        data.name: Account(
            name=data.name,
            uid=data.uid,
            gid=data.gid if data.gid is not None else data.uid,
            groups=tuple(data.groups),
            home=data.homedir or "/nonexistent",
            shell=data.shell or "/usr/sbin/nologin",
            title=data.gecos,
        )
        for data in listed
    }
    return tuple(sorted(accounts.values(), key=lambda account: account.uid))


def _refuse_moved(named: list[tuple[str, int | None, Line]], kind: str) -> None:
    """Refuse an account without a number, one with two numbers, and one number given twice."""
    for name, number, line in named:
        if number is None:
            raise RecipeError(
                str(line.file),
                line.number,
                _("{kind} {name} has no fixed id").format(kind=kind, name=name),
                _("numbers must not move between images: add --uid or --gid"),
            )
    for by_number in (False, True):
        ordered = sorted(named, key=lambda entry: (entry[by_number], str(entry[2].file)))
        for (name, number, _first), (name2, number2, line) in pairwise(ordered):
            same_key = number == number2 if by_number else name == name2
            if same_key and (name, number) != (name2, number2):
                raise RecipeError(
                    str(line.file),
                    line.number,
                    _("{kind} {name} has id {number}, but {name2} has {number2}").format(
                        kind=kind, name=name2, number=number2, name2=name, number2=number
                    ),
                    _("a name has one number and a number one name"),
                )


def _scripts(handler: Any, lines: tuple[Line, ...]) -> tuple[Script, ...]:
    return tuple(
        Script(
            text=script.script,
            interpreter=script.interp,
            inside=script.inChroot,
            origin=_origin(lines[script.lineno - 1]),
        )
        for script in handler.scripts
        if script.type == KS_SCRIPT_POST
    )


def _origin(line: Line) -> str:
    return f"{line.file}:{line.number}"


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
