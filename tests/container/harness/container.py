"""The built root filesystem, booted by systemd-nspawn at native speed.

The tree itself is never written to: an overlay with its upper layer in RAM lies over it, mounted in
a namespace that vanishes with the container. Only control groups could stay behind; they are swept
before and after.
"""

import itertools
import os
import pty
import re
import select
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

CGROUP_PREFIX = "node-container-"
_numbers = itertools.count(1)
NSPAWN_LEFTOVERS = Path("/run/systemd/nspawn/propagate")  # an empty folder for each machine
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
# Arguments: control group, work folder, rootfs, kernel arguments, then the command. What the
# initramfs does before switch-root (overlay, the image's restore) is done here.
PREPARE = """
set -e
echo $$ >"$1/cgroup.procs"; work=$2; lower=$3; cmdline=$4; shift 4
mount -t tmpfs -o mode=0755 tmpfs "$work"
mkdir "$work/upper" "$work/overlay" "$work/root" "$work/run"
mount -t overlay -o "lowerdir=$lower,upperdir=$work/upper,workdir=$work/overlay" node "$work/root"
mkdir -m 0755 "$work/run/node"
printf '%s\\n' '{"mode": "live", "slot": null, "source": "container", "bundle": null,
    "config": "absent", "medium_device": null}' >"$work/run/node/boot.json"
printf '%s\\n' "$cmdline" >"$work/cmdline"
if [ -x "$work/root/usr/lib/node/restore" ]; then
    mount --bind "$work/run" "$work/root/run"
    mount --bind /proc "$work/root/proc"
    mount --bind /dev "$work/root/dev"
    mount --bind "$work/cmdline" "$work/root/proc/cmdline"
    timeout 20 chroot "$work/root" /usr/lib/node/restore || echo "RESTORE FAILED: $?"
    umount "$work/root/dev" "$work/root/proc/cmdline" "$work/root/proc" "$work/root/run"
fi
exec "$@" --bind="$work/run/node:/run/node" --directory="$work/root"
"""


class Container:
    """A booted container. ``leader`` is the process id of its systemd as the host counts."""

    def __init__(self, process: subprocess.Popen[bytes], console: int) -> None:
        """Take over the nspawn process and the controlling side of its console."""
        self.process = process
        self._console = console
        self._output = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.leader = self._await_leader(timeout=60)

    @property
    def console(self) -> str:
        """Everything that the console printed so far."""
        return re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]|\r", "", self._output.decode(errors="replace"))

    def argv(self, *command: str) -> tuple[str, ...]:
        """Return the host's command line that runs ``command`` inside."""
        inside = ("nsenter", "--target", str(self.leader), "--mount", "--uts", "--ipc", "--net")
        clean = ("env", "--ignore-environment", f"PATH={PATH}", "LANG=C.UTF-8", "TERM=linux")
        return (*inside, "--pid", "--cgroup", "--root", "--wd", *clean, *command)

    def attempt(
        self, *command: str, given: str = "", timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail, as root inside; it reads ``given``."""
        return subprocess.run(
            self.argv(*command), input=given, capture_output=True, text=True,
            timeout=timeout, check=False,
        )  # fmt: skip

    def run(self, *command: str, given: str = "", timeout: float = 60) -> str:
        """Run a command as root inside and return its output; any failure is an error."""
        done = self.attempt(*command, given=given, timeout=timeout)
        if done.returncode:
            words = " ".join(command)
            raise AssertionError(
                f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def await_started(self, *, timeout: float = 120) -> str:
        """Wait until no start job is left; return the state (running, degraded)."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            state = self.attempt("systemctl", "is-system-running", "--wait").stdout.strip()
            if state in {"running", "degraded"}:
                return state
            time.sleep(0.2)  # systemd does not answer yet, and --wait gives up at once
        raise AssertionError(f"not started after {timeout:.0f} s; the console:\n{self.console}")

    def close(self) -> None:
        """Stop everything inside at once; its processes end with the control group."""
        self.process.kill()
        self.process.wait(timeout=30)
        self._reader.join(timeout=10)
        os.close(self._console)

    def _await_leader(self, *, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.process.poll() is None:
            for child in _children(self.process.pid):
                if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                    return child
            time.sleep(0.05)
        raise AssertionError(f"systemd-nspawn started nothing; it said:\n{self.console}")

    def _read(self) -> None:
        while self.process.poll() is None:
            if select.select([self._console], [], [], 0.5)[0]:
                try:
                    self._output += os.read(self._console, 65536)
                except OSError:
                    return


@contextmanager
def boot(
    rootfs: Path, *, arguments: str = "", options: tuple[str, ...] = ()
) -> Iterator[Container]:
    """Boot ``rootfs`` with these kernel arguments; nothing survives this block."""
    sweep_leftovers()
    group = _cgroup_root() / f"{CGROUP_PREFIX}{os.getpid()}-{next(_numbers)}"
    group.mkdir()
    with TemporaryDirectory(prefix="node-container-") as work:
        process, console = _start(group, Path(work), rootfs, arguments, options)
        try:
            container = Container(process, console)
            try:
                yield container
            finally:
                container.close()
        finally:
            process.kill()
            process.wait(timeout=30)
            _remove(group)


def _start(
    group: Path, work: Path, rootfs: Path, arguments: str, options: tuple[str, ...]
) -> tuple[subprocess.Popen[bytes], int]:
    ours, theirs = pty.openpty()
    argv: list[str | Path] = ["unshare", "--mount", "--propagation", "private"]
    argv += ["setpriv", "--pdeathsig", "KILL", "sh", "-c", PREPARE, "prepare"]
    argv += [group, work, rootfs, arguments]
    argv += ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit"]
    argv += ["--resolv-conf=off", "--timezone=off", "--link-journal=no"]
    argv += [f"--machine={group.name}", "--private-network", "--console=interactive", *options]
    # Hosts with the old control groups would hand them on, and systemd no longer starts on them.
    environment = os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
    process = subprocess.Popen(
        argv, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    return process, ours


def sweep_leftovers() -> tuple[str, ...]:
    """Remove the control groups of containers that are gone and return their names."""
    swept = []
    for group in _cgroup_root().glob(f"{CGROUP_PREFIX}*"):
        owner = group.name.removeprefix(CGROUP_PREFIX).partition("-")[0]
        if Path(f"/proc/{owner}").exists():
            continue  # another container of this or of another test run
        _remove(group)
        swept.append(group.name)
    return tuple(swept)


def _remove(group: Path) -> None:
    (group / "cgroup.kill").write_text("1")
    _await_empty(group)
    for folder, _, _ in os.walk(group, topdown=False):
        Path(folder).rmdir()
    with suppress(FileNotFoundError):
        (NSPAWN_LEFTOVERS / group.name).rmdir()


def _await_empty(group: Path) -> None:
    # The kernel ends the processes of a killed group one by one; a busy group cannot be removed.
    deadline = time.monotonic() + 30
    while "populated 1" in (group / "cgroup.events").read_text():
        if time.monotonic() > deadline:
            raise AssertionError(f"{group} still has processes 30 s after its container was killed")
        time.sleep(0.05)


def _cgroup_root() -> Path:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(where)
    raise AssertionError("no cgroup2 is mounted; systemd inside a container needs it")


def _children(process: int) -> Iterator[int]:
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        yield from map(int, task.read_text().split())
