"""System accounts with fixed numbers: made from the recipe's table, checked after the packages."""

from pathlib import Path

from kickstart.recipe import Recipe
from persist.errors import StepError
from persist.translation import _

# base-passwd's own numbers, the same on every Debian: 0-99 and these.
STATIC = {"nobody": 65534, "nogroup": 65534, "users": 100}
FIRST_DYNAMIC = 100
# Days since 1970 of the last password change. Any number but 0 (which asks for a change), and
# not the day of the build, which would move the bytes.
CHANGED = 1


def account_lines(recipe: Recipe) -> dict[str, str]:
    """Return the lines that ``recipe``'s accounts add to passwd, group, shadow and gshadow.

    Members of a group that base-passwd makes are not known here; the recipe's tables have none.
    """
    passwd, shadow, group, gshadow = [], [], [], []
    for user in recipe.users:
        passwd.append(f"{user.name}:x:{user.uid}:{user.gid}:{user.title}:{user.home}:{user.shell}")
        shadow.append(f"{user.name}:!:{CHANGED}:0:99999:7:::")
    for name, gid in recipe.groups:
        members = ",".join(user.name for user in recipe.users if name in user.groups)
        group.append(f"{name}:x:{gid}:{members}")
        gshadow.append(f"{name}:!::{members}")
    files = {"passwd": passwd, "group": group, "shadow": shadow, "gshadow": gshadow}
    return {name: "".join(f"{line}\n" for line in lines) for name, lines in files.items()}


def forget_password_dates(rootfs: Path) -> None:
    """Give every line of shadow the same date; packages write the day of their installation."""
    path = rootfs / "etc/shadow"
    lines = [line.split(":") for line in path.read_text().splitlines()]
    dated = (":".join([*line[:2], str(CHANGED), *line[3:]]) for line in lines)
    path.write_text("".join(f"{line}\n" for line in dated))


def check_accounts(rootfs: Path, recipe: Recipe) -> None:
    """Raise StepError when ``rootfs`` has an account that is not in the table, or at another id."""
    users = {user.name: user.uid for user in recipe.users}
    strays = _strays(rootfs / "etc/passwd", users) + _strays(
        rootfs / "etc/group", dict(recipe.groups)
    )
    if strays:
        raise StepError(
            _("accounts without a fixed id: {strays}").format(strays=", ".join(strays)),
            _("add them to the accounts table of the recipe (accounts.ks) with a free number"),
        )


def _strays(path: Path, table: dict[str, int]) -> list[str]:
    strays = []
    for line in path.read_text().splitlines():
        name, _password, number, *_rest = line.split(":")
        expected = table.get(name, STATIC.get(name))
        if expected is None and int(number) < FIRST_DYNAMIC:
            continue
        if expected != int(number):
            strays.append(f"{name} ({path.name} {number})")
    return strays
