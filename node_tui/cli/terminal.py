"""How commands speak: human lines or JSON on stdout, errors on stderr, exit codes by kind."""

import io
import os
import re
import sys
import textwrap
import traceback
from collections.abc import Callable

import msgspec

from persist.errors import NodeError
from persist.translation import _

# What a terminal obeys instead of showing it (C0 but line feed and tab, DEL, C1), what turns the
# order of letters around or hides them, and bytes that are no text. A disk, a guest or a DHCP
# server may be called so.
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
INTERRUPTED = 130  # as shells report a program ended by Ctrl+C


def say(line: str = "") -> None:
    """Print one line at once: progress must not wait in a buffer."""
    sys.stdout.write(f"{visible(line)}\n")
    sys.stdout.flush()


def visible(text: str) -> str:
    """Return ``text`` with unsafe characters written out: ``\\u001b``, in JSON the same."""
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say_json(value: object) -> None:
    """Print ``value`` as indented JSON."""
    say(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def complain(error: NodeError) -> None:
    """Print what happened and, below it, what to do."""
    sys.stderr.write(_("error: {message}").format(message=visible(error.message)) + "\n")
    if error.hint:
        sys.stderr.write(textwrap.indent(f"{visible(error.hint)}\n", "  "))


def run_command(command: Callable[[], int]) -> int:
    """Run ``command`` and return its exit code, whatever happens in it."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a locale without a letter must not end us
        sys.stdout.reconfigure(errors="backslashreplace")
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
