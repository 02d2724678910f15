"""The login shell of admin: the console UI for people, a few programs for commands, never a shell.

sshd and login start this as ``node-login`` for a session and as ``node-login -c COMMAND`` for a
command. A command is split into words, and the words are given to one of the programs below as they
are: nothing is expanded, joined or run by a shell, so metacharacters have no meaning.
"""

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from node_tui.cli.terminal import complain
from persist.errors import AccessError
from persist.translation import _

CONSOLE = Path("/usr/bin/node-tui")
NODECTL = Path("/usr/bin/nodectl")
PERSIST = Path("/usr/bin/persist")
GUEST_TUNNEL = Path("/usr/bin/virt-ssh-helper")
LOCAL_LIBVIRT = "qemu:///system"
NOT_OVER_SSH = ("engine",)
HELP = ("-h", "--help")

# What the session may keep: everything else could change what the programs do.
KEPT_VARIABLES = ("HOME", "LANG", "LOGNAME", "NODE_LANG", "TERM", "USER")
KEPT_PREFIXES = ("LC_", "SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY")
PATH = "/usr/sbin:/usr/bin"

# virsh and virt-manager ask the far shell to look for their helper first, and name nc for hosts
# without it. Recognised, and answered with the helper: nothing else in it is ever run.
LIBVIRT_SCRIPT = re.compile(
    r"(?:which virt-ssh-helper 1>/dev/null 2>&1; if test \$\? = 0; then +)?"
    r"virt-ssh-helper(?P<readonly> -r)? qemu:///system"
    r"(?:; else [^\n]*; fi)?"
)


def main() -> int:
    """Become the program that the session or command asks for; return only when refused."""
    try:
        program = choose_program(sys.argv[1:], interactive=sys.stdin.isatty())
        os.execve(program[0], program, keep_environment(os.environ))  # noqa: S606 - no shell
    except AccessError as error:
        complain(error)
        return error.exit_code
    except OSError as error:
        complain(AccessError(_("This image has no {program}.").format(program=error.filename)))
        return AccessError.exit_code


def choose_program(arguments: Sequence[str], *, interactive: bool) -> list[str]:
    """Return the argument list to become, its first word a full path; AccessError otherwise."""
    if not arguments:
        if not interactive:
            raise AccessError(
                _("A session without a terminal shows nothing."),
                _("Use ssh -t for the console, or ssh HOST nodectl VERB."),
            )
        return [str(CONSOLE)]
    if len(arguments) != 2 or arguments[0] != "-c":
        raise _refusal(shlex.join(arguments))
    return choose_command(arguments[1])


def choose_command(line: str) -> list[str]:
    """Return the argument list for a command line."""
    try:
        words = shlex.split(line)
    except ValueError:  # a quote that never ends
        raise _refusal(line) from None
    match words:
        case ["nodectl", *rest] if _is_allowed(rest):
            return [str(NODECTL), *rest]
        case ["persist" | "unpersist" as name, *rest]:
            return [str(PERSIST.with_name(name)), *rest]
        case ["virt-ssh-helper", "qemu:///system"]:
            return [str(GUEST_TUNNEL), LOCAL_LIBVIRT]
        case ["virt-ssh-helper", "-r", "qemu:///system"]:
            return [str(GUEST_TUNNEL), "-r", LOCAL_LIBVIRT]
        case ["sh", "-c", script]:
            return _read_libvirt_script(script, line)
    raise _refusal(line)


def _is_allowed(words: Sequence[str]) -> bool:
    """Say whether nodectl may run: the verb comes first, no option or ``--`` stands before it."""
    verb = words[0] if words else ""
    return verb in HELP or (verb not in NOT_OVER_SSH and not verb.startswith("-"))


def keep_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables a program may see."""
    kept = {
        name: value
        for name, value in given.items()
        if name in KEPT_VARIABLES or name.startswith(KEPT_PREFIXES)
    }
    return kept | {"PATH": PATH, "SHELL": "/usr/bin/node-login"}


def _read_libvirt_script(script: str, line: str) -> list[str]:
    found = LIBVIRT_SCRIPT.fullmatch(script)
    if found is None:
        raise _refusal(line)
    readonly = ["-r"] if found["readonly"] else []
    return [str(GUEST_TUNNEL), *readonly, LOCAL_LIBVIRT]


def _refusal(line: str) -> AccessError:
    return AccessError(
        _("This node runs no such command: {line!r}").format(line=line),
        _(
            "Known here: nodectl, persist, unpersist, virt-ssh-helper. "
            "Without a command, the console opens."
        ),
    )
