"""What admin's login shell runs and what it refuses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from node_tui.cli import login
from persist.errors import AccessError

AUTO = (
    "sh -c 'which virt-ssh-helper 1>/dev/null 2>&1; if test $? = 0; then     "
    "virt-ssh-helper{ro} 'qemu:///system'; else    if 'nc' -q 2>&1 | grep \"requires an argument\" "
    ">/dev/null 2>&1; then ARG=-q0;else ARG=;fi;'nc' $ARG -U /var/run/libvirt/libvirt-sock; fi'"
)

ALLOWED = [
    ("nodectl status", ["/usr/bin/nodectl", "status"]),
    ("nodectl status --json", ["/usr/bin/nodectl", "status", "--json"]),
    ("nodectl", ["/usr/bin/nodectl"]),
    ("nodectl --help", ["/usr/bin/nodectl", "--help"]),
    ("persist list", ["/usr/bin/persist", "list"]),
    ("unpersist '/etc/a b'", ["/usr/bin/unpersist", "/etc/a b"]),
    ("nodectl upgrade 'a b'", ["/usr/bin/nodectl", "upgrade", "a b"]),
    # What libvirt 9 sends for qemu+ssh://, recorded: by default, read-only, and with proxy=native.
    (AUTO.format(ro=""), ["/usr/bin/virt-ssh-helper", "qemu:///system"]),
    (AUTO.format(ro=" -r"), ["/usr/bin/virt-ssh-helper", "-r", "qemu:///system"]),
    (
        "sh -c 'virt-ssh-helper -r 'qemu:///system''",
        ["/usr/bin/virt-ssh-helper", "-r", "qemu:///system"],
    ),
    ("virt-ssh-helper 'qemu:///system'", ["/usr/bin/virt-ssh-helper", "qemu:///system"]),
    # Metacharacters are letters like others: they reach the program as they are.
    ("nodectl status; id", ["/usr/bin/nodectl", "status;", "id"]),
    ("nodectl $(id)", ["/usr/bin/nodectl", "$(id)"]),
    ("nodectl status | sh", ["/usr/bin/nodectl", "status", "|", "sh"]),
    ("nodectl status\nid", ["/usr/bin/nodectl", "status", "id"]),
    ("nodectl `id` && sh > /etc/x", ["/usr/bin/nodectl", "`id`", "&&", "sh", ">", "/etc/x"]),
]

REFUSED = [
    "",
    " ",
    "sh",
    "bash -i",
    "/bin/sh",
    "id; nodectl status",
    ";nodectl",
    "$(id)",
    "`id`",
    "/usr/bin/nodectl status",
    "./nodectl",
    "../../usr/bin/nodectl",
    "NODECTL status",
    "nodectl\0status",
    "PATH=/tmp nodectl status",
    "env nodectl",
    "nodectl;id",
    "nodectl 'unfinished",
    "nodectl engine",
    "nodectl engine --sockets /tmp/x",
    "nodectl -- engine --sockets /tmp/x",
    "nodectl --json engine",
    "nodectl -x engine",
    "/usr/bin/persist /etc/motd",
    "scp -t /etc",
    "/usr/lib/openssh/sftp-server",
    "internal-sftp",
    "rsync --server .",
    "sh -c id",
    "sh -c 'virt-ssh-helper qemu:///system; id'",
    "sh -c 'virt-ssh-helper qemu:///system\nid'",
    "sh -c 'id; virt-ssh-helper qemu:///system'",
    "sh -c 'virt-ssh-helper lxc:///system'",
    "virt-ssh-helper qemu:///session",
    "virt-ssh-helper qemu+ssh://other/system",
    "virt-ssh-helper -r -r qemu:///system",
    "virt-ssh-helper",
]


@pytest.mark.parametrize(("line", "program"), ALLOWED)
def test_a_known_command_gets_its_words_as_they_are(line: str, program: list[str]) -> None:
    assert login.choose_program(["-c", line], interactive=False) == program


@pytest.mark.parametrize("line", REFUSED)
def test_everything_else_is_refused(line: str) -> None:
    with pytest.raises(AccessError, match="This node runs no such command"):
        login.choose_program(["-c", line], interactive=False)


def test_a_session_opens_the_console() -> None:
    assert login.choose_program([], interactive=True) == ["/usr/bin/node-tui"]


def test_a_session_without_terminal_is_told_so() -> None:
    with pytest.raises(AccessError, match="without a terminal"):
        login.choose_program([], interactive=False)


@pytest.mark.parametrize("arguments", [["-i"], ["-l"], ["--rcfile", "x"], ["-c"], ["-c", "a", "b"]])
def test_no_shell_option_is_known(arguments: list[str]) -> None:
    with pytest.raises(AccessError):
        login.choose_program(arguments, interactive=True)


def test_the_environment_is_a_short_list() -> None:
    given = {
        "HOME": "/home/admin",
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm",
        "SSH_CONNECTION": "a b",
        "PYTHONPATH": "/tmp/evil",
        "LD_PRELOAD": "/tmp/evil.so",
        "PATH": "/tmp",
        "SHELL": "/bin/sh",
        "BASH_ENV": "/tmp/evil",
        "LIBVIRT_DEFAULT_URI": "x",
    }
    assert login.keep_environment(given) == {
        "HOME": "/home/admin",
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm",
        "SSH_CONNECTION": "a b",
        "PATH": "/usr/sbin:/usr/bin",
        "SHELL": "/usr/bin/node-login",
    }


def test_a_refusal_exits_9_and_names_what_is_known(tmp_path: Path) -> None:
    start = "import sys; from node_tui.cli.login import main; sys.exit(main())"
    marker = tmp_path / "ran"
    done = subprocess.run(
        [sys.executable, "-c", start, "-c", f"sh -c 'touch {marker}'; touch {marker}"],
        capture_output=True, text=True, check=False, timeout=20,
        env={**os.environ, "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 9
    assert done.stderr.startswith("error: This node runs no such command: ")
    assert "Known here: nodectl, persist, unpersist, virt-ssh-helper." in done.stderr
    assert not marker.exists()
