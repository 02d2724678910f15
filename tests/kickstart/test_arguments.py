"""Golden command lines: each block of ``command_lines/*.txt`` is a line and the config it makes.

A block starts with ``> `` and the command line; the lines up to the next one are the expected
config or error. ``$HASH`` and ``$KEY`` stand for a valid hash and a valid public key.
``NODE_REWRITE_GOLDEN=1`` writes what comes out now; read the difference before you keep it.
"""

import os
from pathlib import Path

import pytest

from kickstart.arguments import parse_command_line, parse_leniently
from kickstart.merge import merge_config
from persist.errors import ConfigError
from persist.toml import dump_config

GOLDEN = Path(__file__).parent / "command_lines"
HASH = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$" + "X" * 43
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "B" * 43 + " admin@laptop"


def _blocks(path: Path) -> list[tuple[str, str]]:
    parts = ("\n" + path.read_text()).split("\n> ")[1:]
    return [(part.partition("\n")[0], part.partition("\n")[2].strip()) for part in parts]


def _cases() -> list[pytest.param]:  # type: ignore[valid-type]
    return [
        pytest.param(line, expected, id=f"{path.stem}-{number}")
        for path in sorted(GOLDEN.glob("*.txt"))
        for number, (line, expected) in enumerate(_blocks(path))
    ]


def outcome(line: str) -> str:
    """Return what a command line of the corpus means, in words or in TOML."""
    command_line = line.replace("$HASH", HASH).replace("$KEY", KEY)
    try:
        arguments = parse_command_line(command_line)
        merged = merge_config(None, arguments)
    except ConfigError as error:
        return f"{error.__class__.__name__}: {error}"
    notes = [
        f"# {name}"
        for name, wanted in (
            ("unattended", arguments.unattended),
            ("stateless", arguments.stateless),
            ("debug", arguments.debug),
        )
        if wanted
    ]
    notes += [f"# passed on: {word}" for word in arguments.foreign]
    notes += [f"# plugin: {name}={value}" for name, value in arguments.plugins.items()]
    config = dump_config(merged.config).removeprefix("version = 1\n").strip()
    shown = config.replace(HASH, "$HASH").replace(KEY, "$KEY")
    return "\n".join([*notes, shown]).strip() or "# defaults"


@pytest.mark.parametrize(("line", "expected"), _cases())
def test_command_line(line: str, expected: str) -> None:
    assert outcome(line) == expected


def test_the_corpus_is_large() -> None:
    assert len(_cases()) >= 60


def test_a_cut_command_line_is_an_error() -> None:
    parse_command_line("x" * 2046)
    with pytest.raises(ConfigError, match="truncated: it fills all 2047 bytes"):
        parse_command_line("x" * 2047)


def test_the_newline_of_proc_cmdline_does_not_count() -> None:
    parse_command_line("x" * 2046 + "\n")


def test_one_wrong_argument_does_not_drop_the_others() -> None:
    arguments, errors = parse_leniently(f"ntp=, adminpw={HASH} nonsense upgrade reboot_delay=x")
    assert [setting.dotted for setting in arguments.settings] == ["security.admin_password"]
    assert [error.path for error in errors] == ["upgrade", "ntp", "reboot_delay"]


def test_secrets_do_not_show() -> None:
    arguments = parse_command_line(f"adminpw={HASH} node.ssh.enabled=no")
    assert HASH not in repr(arguments)
    assert HASH not in repr(merge_config(None, arguments))
    for line in (
        "adminpw=hunter2",
        "node.security.admin_password=hunter2",
        "snmp_password=hunter2",
    ):
        assert "hunter2" not in outcome(line)


def rewrite() -> None:
    """Write the corpus anew from its command lines."""
    for path in sorted(GOLDEN.glob("*.txt")):
        head = path.read_text().partition("\n> ")[0]
        blocks = [f"> {line}\n{outcome(line)}\n" for line, _expected in _blocks(path)]
        path.write_text("\n".join([head.rstrip() + "\n", *blocks]))


if __name__ == "__main__" and os.environ.get("NODE_REWRITE_GOLDEN"):
    rewrite()
