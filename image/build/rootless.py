"""Building without root: the whole builder starts itself again inside a user namespace."""

import os
import sys

from image.build.cache import cache_root
from persist.errors import DependencyError
from persist.translation import _

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
    argv = [*ENTER, sys.executable, "-m", "image.cli", *sys.argv[1:]]
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - an argument list, no shell
    except FileNotFoundError as error:
        raise DependencyError(
            "unshare",
            _("building without root needs the program unshare"),
            _("apt-get install util-linux uidmap, or build as root"),
        ) from error
