"""The references in docs/, made of the model and of the argument table.

``python -m kickstart.reference`` writes them; a test compares, nothing in them is written by hand.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kickstart.arguments.refused import REFUSED
from kickstart.arguments.settings import RESERVED
from kickstart.arguments.table import ARGUMENTS
from persist.model import NodeConfig, Secret
from persist.model.fields import Field, choices_of, fields_of, is_struct, item_type
from persist.sizes import Size

DOCS = Path(__file__).parent.parent / "docs"
_TYPES = {str: "text", bool: "true or false", int: "number", Size: "size", Secret: "secret"}
_RESERVED_HELP = {
    "config": "Address of a whole config; not offered by this version.",
    "config.sha256": "Checksum of that config; not offered by this version.",
    "bundle": "Where the image is: `LABEL=NODE:/node.raucb` or a URL.",
    "events": "Where events are reported; not offered by this version.",
    "stateless": "Touch no disk and remember nothing.",
    "ram": "Run from memory with /config on disk; not offered by this version.",
    "interactive": "What the installer still asks; not offered by this version.",
    "token": "The same as `node.install.token`.",
    "debug": "Say more in the journal.",
    "log_level": "`debug` is the same as `node.debug`.",
    "boot": "Set by the boot loader: why this slot was started.",
}
_ARGUMENTS_HEAD = """\
# Kernel arguments

Made by `python -m kickstart.reference`; do not edit.

Later sources win: defaults, saved config, the arguments of oVirt Node, `node.*` arguments. An
unknown `node.*` argument is an error; a foreign one is passed to the installed system; an empty
`name=` of oVirt Node's counts as not given, but not for passwords. A word with a space needs
quotes: `key="a b"`, `"key=a b"` and `key=\\"a b\\"` mean the same. In GRUB put an argument that
holds a `$` into single quotes. The kernel cuts its command line at 2047 bytes; one of that length
is an error.

## Every config key

Each key of [the config](config.md) is an argument: `node.SECTION.KEY=VALUE`. Lists are split at
commas; items that may hold commas themselves, and tables, are counted from 0:
`node.network.links.0.vlan=20`, `node.install.disk.0=size>=200G,bus=nvme`. Booleans are `yes`, `no`,
`true`, `false`, `on`, `off`, `1` or `0`; a bare argument means yes.
"""
_CONFIG_HEAD = """\
# node.toml

Made by `python -m kickstart.reference`; do not edit.

One table a section. An unknown key is an error. Sizes are written with their unit: MB is 10^6
bytes, MiB is 2^20. Secrets are crypt hashes. A list of tables is written `[[network.links]]`.
"""


def main() -> int:
    """Write both references into docs/."""
    for name, content in references().items():
        (DOCS / name).write_text(content, encoding="utf-8")
        sys.stdout.write(f"docs/{name}\n")
    return 0


def references() -> dict[str, str]:
    """Return file name -> content of each generated reference."""
    return {"kernel-arguments.md": _write_arguments(), "config.md": _write_config()}


def _write_arguments() -> str:
    parts = [_ARGUMENTS_HEAD, "## Words beside the sections\n"]
    parts.append(_table(("argument", "meaning"), _reserved_rows()))
    parts += ["\n## Arguments of oVirt Node\n", _table(_COLUMNS, _argument_rows())]
    parts.append("\n## Refused before the first write\n")
    rows = ((f"`{row.name}`", _cell(row.help)) for row in REFUSED)
    parts.append(_table(("argument", "why, and what instead"), rows))
    return "\n".join(parts)


_COLUMNS = ("argument", "value", "config", "meaning", "")


def _reserved_rows() -> Iterator[tuple[str, ...]]:
    for name in RESERVED:
        yield f"`node.{name}`", _RESERVED_HELP[name]


def _argument_rows() -> Iterator[tuple[str, ...]]:
    for row in ARGUMENTS:
        names = ", ".join(f"`{name}`" for name in (row.name, *row.aliases))
        path = f"`{row.path}`" if row.path else ""
        yield names, f"`{_cell(row.form)}`", path, row.meaning, _cell(row.help)


def _write_config() -> str:
    parts = [_CONFIG_HEAD]
    for section in fields_of(NodeConfig).values():
        if is_struct(section.type):
            parts += [f"## {section.name}\n", _summary(section.type)]
            parts.append(_table(("key", "type", "default", ""), _key_rows(section.type, "")))
    return "\n".join(parts)


def _summary(section: Any) -> str:
    """The first paragraph of what a section says of itself."""
    paragraph = (section.__doc__ or "").partition("\n\n")[0]
    return " ".join(paragraph.replace("``", "`").split()) + "\n"


def _key_rows(section: Any, prefix: str) -> Iterator[tuple[str, ...]]:
    for field in fields_of(section).values():
        items = item_type(field.type)
        name = f"{prefix}{field.name}"
        kind, default = _describe_type(field.type), _describe_default(field)
        yield f"`{name}`", _cell(kind), _cell(default), _cell(field.description)
        if is_struct(field.type):
            yield from _key_rows(field.type, f"{name}.")
        elif items is not None and is_struct(items):
            yield from _key_rows(items, f"{name}[].")


def _describe_type(kind: Any) -> str:
    items = item_type(kind)
    if items is not None:
        return f"list of {_describe_type(items)}"
    if is_struct(kind):
        return "table"
    choices = choices_of(kind)
    return ", ".join(f"`{choice}`" for choice in choices) if choices else _TYPES[kind]


def _describe_default(field: Field) -> str:
    default = field.default
    if field.required:
        return "needed"
    if default in (None, "", ()):
        return ""
    if is_struct(field.type) or (isinstance(default, tuple) and not isinstance(default[0], str)):
        return "see below" if is_struct(field.type) else "DHCP on every card with carrier"
    if isinstance(default, tuple):
        return ", ".join(f"`{item}`" for item in default)
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
