"""Building without root: the whole builder starts itself again inside a user namespace."""

import os
import sys

from image.build import host
from image.build.cache import cache_root
from persist.errors import DependencyError, StepError
from persist.translation import _

STEP = "rootless"
# --map-auto takes the ids of /etc/subuid, so that files of the image have all their owners.
ENTER = (
    "unshare", "--user", "--map-root-user", "--map-auto", "--mount", "--pid", "--fork",
    "--mount-proc", "--kill-child",
)  # fmt: skip


def become_root() -> None:
    """Return when this process is root, else replace it by one that is root of a namespace."""
    if os.geteuid() == 0:
        return
    os.environ["NODE_IMAGE_CACHE"] = str(cache_root())
    try:
        host.run([*ENTER, "true"], step=STEP)
    except StepError as error:
        raise DependencyError(
            "uidmap",
            _("this machine does not let user {uid} build in a namespace").format(uid=os.geteuid()),
            _(
                "apt-get install uidmap, give the user a line in /etc/subuid and /etc/subgid,"
                " or build as root\n{log}"
            ).format(log=error.hint),
        ) from error
    argv = [*ENTER, sys.executable, "-m", "image.cli", *sys.argv[1:]]
    os.execvp(argv[0], argv)  # noqa: S606 - an argument list, no shell
