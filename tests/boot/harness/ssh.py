"""An SSH client for tests: its own key pair, no memory of host keys."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    """A key pair made for one test run."""

    private: Path

    @property
    def public(self) -> str:
        """The line for authorized_keys."""
        return self.private.with_suffix(".pub").read_text().strip()


def make_identity(folder: Path) -> Identity:
    """Make an ed25519 key pair in ``folder``, or take the one that lies there."""
    private = folder / "id_ed25519"
    if not private.exists():
        argv = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "admin@tests", "-f", private)
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return Identity(private)


@dataclass(frozen=True, kw_only=True)
class SshClient:
    """A way into a machine; every call is one connection."""

    port: int
    identity: Identity
    user: str = "admin"

    def argv(self, command: str = "", *, terminal: bool = False) -> tuple[str, ...]:
        """Return the command line of OpenSSH's client."""
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": "20",
            "IdentitiesOnly": "yes",
            "LogLevel": "ERROR",
            "PasswordAuthentication": "no",
            "ServerAliveInterval": "10",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
        }
        settings = tuple(f"-o{name}={value}" for name, value in options.items())
        where = ("-p", str(self.port), "-i", str(self.identity.private))
        tty = ("-tt",) if terminal else ("-T",)
        return ("ssh", "-F", "none", *settings, *where, *tty, f"{self.user}@127.0.0.1", command)

    def run(self, command: str, *, timeout: float = 60, given: str = "") -> str:
        """Run a command as the node offers it and return its output; any failure is an error."""
        done = self.attempt(command, timeout=timeout, given=given)
        if done.returncode:
            raise AssertionError(
                f"ssh {self.user}: {command!r} ended with {done.returncode}:\n"
                f"{done.stdout}{done.stderr}"
            )
        return done.stdout

    def attempt(
        self, command: str, *, timeout: float = 60, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail."""
        return subprocess.run(
            self.argv(command), input=given, capture_output=True, text=True,
            timeout=timeout, check=False,
        )  # fmt: skip

    def await_login(self, *, timeout: float = 60) -> None:
        """Wait until the node lets us in; a node that boots refuses or is silent at first."""
        deadline = time.monotonic() + timeout
        while (done := self.attempt("nodectl status --json")).returncode == 255:
            if time.monotonic() > deadline:
                raise AssertionError(f"no SSH after {timeout:.0f} s: {done.stderr}")
            time.sleep(1)
