"""The one place of the build side that starts processes.

Every command belongs to a named step and writes its words to that step's log. A command given a
``root`` runs by chroot in a private mount namespace, so that the tools of the target release do the
work and every build host produces the same bytes.
"""

import logging
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from image.build.cache import cache_root
from persist.errors import DependencyError, StepError
from persist.translation import _

log = logging.getLogger(__name__)

# The word of the host that must not leak into the bytes of an image: its locale, time zone, home.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "HOME": "/root",
    "DEBIAN_FRONTEND": "noninteractive",
    "SYSTEMD_OFFLINE": "1",
}
INHERITED = (
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "SSL_CERT_FILE",
)  # fmt: skip
# Files that a command makes have the same modes whatever the umask of the caller is.
UMASK = 0o022

# Arguments: root, then paths to show inside, then "--", then the command. /tmp and /run are fresh:
# a command leaves nothing of its scratch files in the tree.
ENTER_ROOT = """
set -e
root=$1; shift
mount --rbind /proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$1"; else mkdir -p "$root${1%/*}"; : >>"$root$1"; fi
    mount --rbind "$1" "$root$1"
    shift
done
shift
exec chroot "$root" "$@"
"""

# mmdebstrap mounts /proc, /dev and our caches below the tree that it makes. When it is killed these
# must vanish: whoever removes the half-made tree later would remove the host's files through them.
PRIVATE = (
    "unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
    "--mount-proc",
)  # fmt: skip

# A PKCS#11 URI may carry the PIN, the URL of a mirror or proxy a password; logs must not.
SECRET = re.compile(r"(pin-value=)[^;&?'\s]*|(://[^/@:\s]+:)[^/@\s]+(?=@)")

# Where each program comes from, for the reader of the error.
PACKAGES = {"mmdebstrap": "mmdebstrap", "unshare": "util-linux", "apt-config": "apt"}


def run(
    argv: Sequence[str | Path],
    *,
    step: str,
    root: Path | None = None,
    binds: Sequence[Path] = (),
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    private: bool = False,
) -> bytes:
    """Run ``argv`` and return what it wrote to its standard output.

    ``root`` is a tree to chroot into; ``binds`` are absolute paths of the host that are seen there
    under the same path. ``private`` ends all processes and mounts of the command with it. What the
    command says on standard error goes to the log of ``step``. Raises StepError when the command
    fails, DependencyError when it does not exist.
    """
    words = [os.fspath(word) for word in argv]
    command = words if root is None else enter_root(words, root, binds)
    if shutil.which(command[0], path=ENVIRONMENT["PATH"]) is None:
        raise _missing(command[0], step)
    if private:
        command = [*PRIVATE, *command]
    shown = SECRET.sub(r"\1\2***", shlex.join(words))
    log.debug("%s: %s", step, shown)
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    with log_path(step).open("ab") as record:
        record.write(f"+ {shown}\n".encode())
        record.flush()
        done = subprocess.run(  # noqa: S603 - an argument list, no shell
            command,
            input=stdin or b"",
            stdout=subprocess.PIPE,
            stderr=record,
            env={**ENVIRONMENT, **inherited, **(env or {})},
            check=False,
            umask=UMASK,
        )
        record.write(done.stdout[-65536:] if _is_text(done.stdout[-65536:]) else b"")
    if done.returncode:
        raise _failed(step, words[0], done.returncode)
    return done.stdout


def enter_root(words: Sequence[str], root: Path, binds: Sequence[Path]) -> list[str]:
    """Return the command line that runs ``words`` inside ``root`` with ``binds`` visible."""
    shown = [os.fspath(path.resolve()) for path in binds]
    namespace = ["unshare", "--mount", "--propagation", "private"]
    return [*namespace, "sh", "-c", ENTER_ROOT, "sh", str(root.resolve()), *shown, "--", *words]


def log_path(step: str) -> Path:
    """Return the log file of ``step``; its folder exists afterwards."""
    folder = cache_root() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{step}.log"


def _is_text(output: bytes) -> bool:
    return b"\0" not in output


def _missing(program: str, step: str) -> DependencyError:
    package = PACKAGES.get(program, program)
    return DependencyError(
        program,
        _("step {step}: the program {program} is not installed").format(step=step, program=program),
        _("apt-get install {package}").format(package=package),
    )


def _failed(step: str, program: str, code: int) -> StepError:
    reason = _("exit code {code}").format(code=code)
    if code < 0:
        reason = _("ended by signal {signal}").format(signal=-code)
    elif code == 127:
        reason = _("exit code 127: the program is not there")
    path = log_path(step)
    tail = path.read_text(errors="replace").splitlines()[-12:]
    return StepError(
        _("step {step} failed: {program}: {reason}").format(
            step=step, program=program, reason=reason
        ),
        _("the whole log is {path}; its end:\n{tail}").format(
            path=path, tail="\n".join(f"  {line}" for line in tail)
        ),
    )
