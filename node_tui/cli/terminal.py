"""How commands speak: human lines or JSON on stdout, errors on stderr, exit codes by kind."""

import os
import sys
import textwrap
import traceback
from collections.abc import Callable

import msgspec

from persist.errors import NodeError
from persist.translation import _

INTERRUPTED = 130  # as shells report a program ended by Ctrl+C


def say(line: str = "") -> None:
    """Print one line at once: progress must not wait in a buffer."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say_json(value: object) -> None:
    """Print ``value`` as indented JSON."""
    say(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def complain(error: NodeError) -> None:
    """Print what happened and, below it, what to do."""
    sys.stderr.write(f"{_('error')}: {error.message}\n")
    if error.hint:
        sys.stderr.write(textwrap.indent(f"{error.hint}\n", "  "))


def run_command(command: Callable[[], int]) -> int:
    """Run ``command`` and return its exit code, whatever happens in it."""
    try:
        code = command()
        sys.stdout.flush()
    except NodeError as error:
        complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has enough. Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception:
        traceback.print_exc()
        return 1
    return code
