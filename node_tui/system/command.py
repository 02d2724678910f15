"""The only place of the node that starts processes: argument lists, time limits, clear errors."""

import logging
import os
import shlex
import signal
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from persist.errors import DependencyError, StepError
from persist.translation import _

log = logging.getLogger(__name__)

HIDDEN = "***"
SHOWN_LINES = 12
NOT_FOUND = 127
NOT_EXECUTABLE = 126
# Messages are read by code and by support: they must not follow the language of the console.
# The path is fixed so that nothing a user puts first in PATH is ever run as root.
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


@dataclass(frozen=True, slots=True)
class Output:
    """What a program wrote and how it ended; ``exit_code`` is one that the caller accepted."""

    stdout: str
    stderr: str
    exit_code: int


def run(
    argv: Sequence[str | Path],
    *,
    timeout: float = 60.0,
    stdin: str = "",
    secrets: Collection[str] = (),
    accept: Collection[int] = (0,),
    environment: Mapping[str, str] | None = None,
) -> Output:
    """Run a program to its end and return what it wrote.

    ``timeout`` in seconds; ``secrets`` are cut out of everything logged or raised; ``stdin`` is
    never logged; ``accept`` are the exit codes that are no failure; ``environment`` is added to a
    fixed minimal one. Raises DependencyError when the program is missing, StepError otherwise.
    """
    words = [str(word) for word in argv]
    shown = hide(shlex.join(words), secrets)
    log.info("run: %s", shown)
    try:
        done = subprocess.run(  # noqa: S603 - an argument list, never a shell
            words,
            input=stdin.encode(),
            capture_output=True,
            timeout=timeout,
            check=False,
            env={**ENVIRONMENT, **(environment or {})},
        )
    except FileNotFoundError:
        raise _missing(words[0]) from None
    except PermissionError:
        raise _not_executable(words[0]) from None
    except subprocess.TimeoutExpired as expired:
        raise StepError(
            _("{command} did not end within {seconds:g} seconds").format(
                command=shown, seconds=timeout
            ),
            _last_lines(hide(_text(expired.stderr), secrets)),
        ) from None
    output = Output(_text(done.stdout), _text(done.stderr), done.returncode)
    if done.returncode not in accept:
        raise _failure(words[0], shown, output, secrets)
    return output


def hide(text: str, secrets: Collection[str]) -> str:
    """Return ``text`` with every secret replaced, the longest first."""
    for secret in sorted((word for word in secrets if word), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def explain_exit(code: int) -> str:
    """Say in words how a process ended: 0-255 is an exit code, negative a signal (subprocess)."""
    if code < 0 or code > 128:
        number = -code if code < 0 else code - 128
        try:
            name = signal.Signals(number).name
        except ValueError:
            return _("exit code {code}").format(code=code)
        words = _SIGNAL_WORDS.get(name, "")
        return _("ended by {signal}{words}").format(signal=name, words=words)
    return _("exit code {code}").format(code=code)


_SIGNAL_WORDS = {
    "SIGKILL": " (killed, often because memory ran out)",
    "SIGSEGV": " (crashed: a fault of the program or of memory)",
    "SIGBUS": " (crashed: a file or device vanished or could not be read)",
    "SIGABRT": " (stopped itself after an internal error)",
    "SIGTERM": " (asked to stop)",
}


def _failure(
    program: str, shown: str, output: Output, secrets: Collection[str]
) -> StepError | DependencyError:
    if output.exit_code == NOT_FOUND:
        return _missing(program, _last_lines(hide(output.stderr, secrets)))
    if output.exit_code == NOT_EXECUTABLE:
        return _not_executable(program)
    told = hide(output.stderr.strip() or output.stdout.strip(), secrets)
    log.warning("%s: %s: %s", shown, explain_exit(output.exit_code), told)
    return StepError(
        _("{command} failed: {how}").format(command=shown, how=explain_exit(output.exit_code)),
        _last_lines(told),
    )


def _missing(program: str, told: str = "") -> DependencyError:
    name = os.path.basename(program)  # noqa: PTH119 - a word of an argument list, not a path yet
    return DependencyError(
        name,
        _("The program {name} is missing from this image").format(name=name),
        told or _("Boot a complete image; if this is one, report it as a fault of the image."),
    )


def _not_executable(program: str) -> DependencyError:
    return DependencyError(
        program,
        _("{name} is there but cannot be executed").format(name=program),
        _("Check its permissions and whether the filesystem is mounted noexec."),
    )


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-SHOWN_LINES:])


def _text(raw: bytes | str | None) -> str:
    if raw is None:
        return ""
    return raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
