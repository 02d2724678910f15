"""A freshly bootstrapped Debian that has nothing but git, to try the README's two commands in.

It is a container of the privileged kind: mounts, processes and /run are its own; kernel, network,
devices and control groups are the host's. Mirrors, proxies, pip's index and the certificates that
these need come from the host's own configuration.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from image.distro.mirror import host_mirror
from tests.conftest import ROOT

# Gigabytes, and kept when a run is killed.
PLACE = Path("/var/tmp/node-fresh")
PACKAGES = ("git", "ca-certificates", "debian-archive-keyring")
ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()].|\x1b[=>]|\r")
# Certificates of a site lie in these: git, pip and apt of the container trust what the host does.
CERTIFICATES = ("/etc/ssl/certs", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates")
INHERITED = re.compile(r"PIP_(EXTRA_)?INDEX_URL|PIP_CERT|(?i:https?_proxy|no_proxy)")
ENTER = """
set -e
tree=$1 source=$2; shift 2
mount --bind "$tree" "$tree"
mount -t proc proc "$tree/proc"
mount --rbind /sys "$tree/sys"
mount --rbind /dev "$tree/dev"
mount -t tmpfs tmpfs "$tree/run"
mkdir -p "$tree/src"
mount --bind "$source" "$tree/src"
for folder in {certificates}; do
    [ ! -d "$folder" ] || {{ mkdir -p "$tree$folder"; mount --bind "$folder" "$tree$folder"; }}
done
cd "$tree"
mkdir -p host
pivot_root . host
cd /
# Not chroot: in there the kernel lets nobody make a user namespace, as a real system does.
umount -l /host
exec "$@"
""".format(certificates=" ".join(CERTIFICATES))


@dataclass(frozen=True)
class FreshDebian:
    """An unpacked release at ``tree``; the sources under test are cloned to ``/root/node``."""

    suite: str
    tree: Path

    def argv(self, command: str) -> tuple[str, ...]:
        """Return the host's command line that runs a line of shell inside, in the clone."""
        namespaces = (
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--propagation=private",
        )
        inside = ("sh", "-c", ENTER, "sh", str(self.tree), str(ROOT))
        variables = [f"{name}={value}" for name, value in surroundings().items()]
        return (*namespaces, *inside, "env", "-i", *variables, "sh", "-ec", command)

    def run(self, command: str, log: Path, *, timeout: float) -> int:
        """Run a line of shell inside without a terminal or input; return its exit code."""
        with log.open("wb") as output:
            return subprocess.run(
                self.argv(command), stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, timeout=timeout, check=False,
            ).returncode  # fmt: skip

    @contextmanager
    def on_terminal(self, command: str, log: Path) -> Iterator["Terminal"]:
        """Run a line of shell inside on a terminal of 80x24; it ends with this block."""
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            ("setsid", "--ctty", "--wait", *self.argv(f"stty cols 80 rows 24; {command}")),
            stdin=follower, stdout=follower, stderr=follower,
        )  # fmt: skip
        os.close(follower)
        try:
            yield Terminal(leader, process, log)
        finally:
            process.terminate()
            process.wait(timeout=60)
            os.close(leader)


@dataclass
class Terminal:
    """What a person at the terminal sees and types."""

    leader: int
    process: subprocess.Popen[bytes]
    log: Path
    shown: str = ""

    def expect(self, pattern: str, *, timeout: float) -> None:
        """Wait until something new matches; what was shown before is forgotten."""
        deadline = time.monotonic() + timeout
        while (match := re.search(pattern, self.shown)) is None:
            if time.monotonic() > deadline or not self._read():
                raise AssertionError(f"no {pattern!r}; the terminal ends:\n{self.shown[-2000:]}")
        self.shown = self.shown[match.end() :]

    def type(self, keys: bytes) -> None:
        """Send what keys send."""
        os.write(self.leader, keys)

    def _read(self) -> bool:
        """Take what came within a second; False at the end."""
        if select.select([self.leader], [], [], 1.0)[0]:
            try:
                content = os.read(self.leader, 65536)
            except OSError:  # EIO: the other side is closed
                return False
            with self.log.open("ab") as log:
                log.write(content)
            self.shown = ESCAPES.sub("", self.shown + content.decode(errors="replace"))
        return True


@contextmanager
def fresh_debian(suite: str) -> Iterator[FreshDebian]:
    """Bootstrap a release, clone the sources into it, and remove it in the end."""
    tree = PLACE / suite
    remove(tree)
    PLACE.mkdir(exist_ok=True)
    suites = (suite, f"{suite}-updates", f"{suite}-security")
    argv = (
        "mmdebstrap", "--variant=important", "--mode=root", "--format=directory",
        f"--include={','.join(PACKAGES)}", suite, str(tree),
        *host_mirror().lines(suites, ("main",)),
    )  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    for name in ("resolv.conf", "hosts", "pip.conf"):
        if Path("/etc", name).exists():
            shutil.copy(Path("/etc", name), tree / "etc" / name)
    fresh = FreshDebian(suite, tree)
    try:
        cloned = tree.with_suffix(".clone.log")
        assert fresh.run("git clone -q /src /root/node", cloned, timeout=300) == 0, (
            cloned.read_text()
        )
        yield fresh
    finally:
        remove(tree)


def remove(tree: Path) -> None:
    """Remove a release, of an earlier, killed run too; its mounts ended with its processes."""
    subprocess.run(["rm", "-rf", "--one-file-system", tree], check=True)


def surroundings() -> Mapping[str, str]:
    """Return the environment of a login, and how this site reaches its mirrors."""
    inherited = {name: value for name, value in os.environ.items() if INHERITED.fullmatch(name)}
    return inherited | {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        # The clone may belong to somebody else than root.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
