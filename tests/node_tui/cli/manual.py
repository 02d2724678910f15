"""The man pages: prose from here, commands and options from the grammars of the programs.

``python -m tests.node_tui.cli.manual`` writes them into ``docs/man``; a test compares.
"""

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from node_tui.cli import nodectl, persist
from node_tui.ui import main as console

FOLDER = Path(__file__).parents[3] / "docs/man"

# (what stands in bold, what it means)
Terms = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Page:
    """One command; ``prose`` has an empty line between paragraphs."""

    grammar: Callable[[], argparse.ArgumentParser]
    summary: str
    prose: str
    exits: Terms
    files: Terms = ()
    environment: Terms = ()
    see: tuple[str, ...] = ()


REFUSED: Terms = (
    ("2", "the config or the command line is wrong"),
    ("3", "what is asked cannot be done on this machine; nothing was changed"),
    ("4", "a step failed while it changed the machine, or a required check fails"),
    ("5", "the bundle is damaged, unsigned or made for something else"),
    ("8", "a program that this needs is missing"),
    ("9", "this user may not do that"),
)
SOCKETS = (
    "/run/node/viewer.sock, operator.sock, admin.sock",
    "the engine's sockets, one a role, for the groups node-viewer, node-operator, node-admin",
)
NO_FILES_YET = """
On this image only the config of the node is remembered: hostname, network, accounts, keys and what
else the kernel arguments of the installation said. Single files cannot be kept yet. The command
says so and changes nothing, whatever is asked for: a change that looks kept and is lost at the next
reboot would be worse than none.
"""

NODECTL = """
nodectl asks the node's engine, the one program that changes the machine, and prints what it
answers: lines for people, JSON with --json. Errors go to standard error: what happened, and below
it what to do.

Rights come from the socket that this user may open: a viewer looks (status, facts, slots, health,
operations), an operator also reboots and powers off, an admin also installs and marks a slot.
nodectl takes the socket with the least rights that the command needs.

Long work is an operation of the engine. It goes on when nodectl ends, and any number of others can
follow it. One operation changes the machine at a time; meanwhile another one, a reboot and a
power-off are refused.

Over SSH, admin has no shell: ssh admin@NODE nodectl COMMAND runs nodectl, and a login without a
command opens the console.

Characters that a terminal would obey instead of showing them, in names of disks, guests or hosts,
are printed as \\u001b and the like.
"""

NODE_TUI = """
node-tui shows the status of the node: how it is reached, its links, load, slots, guests, and what
needs attention. After a login it opens a menu. It runs on tty1, on serial lines after a key press,
and when admin logs in by SSH without a command.

On tty1 and serial lines it may only look; F2 or l asks for the password of admin. A live system
whose admin has no password yet lets its console in without one. Fifteen idle minutes end a login.

The keys that are valid stand in the last line; F1 or ? explains them. Every function key has a
letter beside it. F5 or r asks the engine again and draws the whole screen anew. Ctrl+C does
nothing.

It needs a terminal of at least 40x12; 80x24 shows every page whole.
"""

PAGES: dict[str, Page] = {
    "nodectl": Page(
        nodectl.build_parser,
        "look at and drive a node",
        NODECTL,
        (
            ("0", "done; for install: the node is installed"),
            ("1", "the engine does not answer, or made a mistake"),
            *REFUSED,
            ("130", "ended by Ctrl+C; an operation goes on"),
        ),
        (SOCKETS,),
        (("NODE_LANG", "en or zh_CN: the language; else that of the locale"),),
        ("node-tui", "persist", "unpersist"),
    ),
    "node-tui": Page(
        console.build_parser,
        "the console of a node",
        NODE_TUI,
        (
            ("0", "left by Log out, where it may be left"),
            ("1", "there is no terminal, or the console failed; the journal says why"),
        ),
        (SOCKETS,),
        (
            ("TERM", "vt100, vt220 and their like get no colours and fewer repaints"),
            ("NODE_LANG", "en or zh_CN: the language; a virtual terminal always shows English"),
        ),
        ("nodectl",),
    ),
    "persist": Page(
        lambda: persist.build_parser("persist"),
        "keep files over reboots",
        NO_FILES_YET,
        (("3", "refused; nothing was changed"),),
        see=("unpersist", "nodectl"),
    ),
    "unpersist": Page(
        lambda: persist.build_parser("unpersist"),
        "let files go with the next reboot",
        NO_FILES_YET,
        (("3", "refused; nothing was changed"),),
        see=("persist", "nodectl"),
    ),
}


def write_page(name: str, page: Page) -> str:
    """Return the page as man(7) source."""
    parser = page.grammar()
    lines = [f'.TH {name.upper()} 8 "" node "Node"', ".SH NAME", f"{name} \\- {roff(page.summary)}"]
    lines += [".SH SYNOPSIS", *_synopsis(parser), ".SH DESCRIPTION"]
    paragraphs = [" ".join(text.split()) for text in page.prose.split("\n\n")]
    lines += [line for text in paragraphs for line in (".PP", roff(text))]
    verbs = _verbs(parser)
    if verbs:
        lines += [".SH COMMANDS", *_commands(verbs)]
    lines += [".SH OPTIONS", *_terms(_options(parser))]
    for title, terms in (
        ("EXIT STATUS", page.exits),
        ("FILES", page.files),
        ("ENVIRONMENT", page.environment),
    ):
        lines += [f".SH {title}", *_terms(terms)] if terms else []
    seen = ", ".join(f"{other}(8)" for other in page.see)
    return "\n".join([*lines, ".SH SEE ALSO", roff(seen)]) + "\n"


def roff(text: str) -> str:
    """Return ``text`` with what troff would read as a command or turn into another glyph."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text[:1] in (".", "'") else text


def _synopsis(parser: argparse.ArgumentParser) -> list[str]:
    usage = " ".join(parser.format_usage().split()).removeprefix("usage: ")
    _name, _space, rest = usage.partition(" ")
    return [f".B {roff(parser.prog)}", roff(rest)]


def _verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _commands(verbs: dict[str, argparse.ArgumentParser]) -> Iterator[str]:
    for verb, parser in verbs.items():
        words = [action.metavar for action in parser._actions if not action.option_strings]
        yield from (".TP", f".B {roff(' '.join([verb, *(f'[{word}]' for word in words)]))}")
        yield roff(f"{parser.description}.")
        own = [row for row in _options(parser) if row not in _shared(verbs)]
        if own:
            yield from (".RS", *_terms(own), ".RE")
    yield from (".SS Options of every command", *_terms(_shared(verbs)))


def _shared(verbs: dict[str, argparse.ArgumentParser]) -> Sequence[tuple[str, str]]:
    """Return the options that all commands have."""
    first, *others = [_options(parser) for parser in verbs.values()]
    return [row for row in first if all(row in other for other in others)]


def _options(parser: argparse.ArgumentParser) -> list[tuple[str, str]]:
    rows = []
    for action in parser._actions:
        if action.option_strings:
            words = ", ".join(action.option_strings)
            rows.append((f"{words} {action.metavar or ''}".rstrip(), action.help or ""))
    return rows


def _terms(terms: Sequence[tuple[str, str]]) -> Iterator[str]:
    for term, meaning in terms:
        yield from (".TP", f".B {roff(term)}", roff(meaning))


def main() -> int:
    """Write all pages."""
    os.environ["NODE_LANG"] = "en"
    os.environ["COLUMNS"] = "80"
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / f"{name}.8").write_text(write_page(name, page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
