"""Garbage on the command line: a value or a ConfigError, never anything else."""

import contextlib
import os

from hypothesis import given, settings
from hypothesis import strategies as st

from kickstart.arguments import parse_leniently
from kickstart.arguments.refused import REFUSED
from kickstart.arguments.settings import RESERVED
from kickstart.arguments.table import ARGUMENTS
from kickstart.merge import merge_config
from persist.errors import ConfigError
from persist.model import NodeConfig
from persist.model.fields import fields_of
from persist.toml import dump_config

_names = st.sampled_from(
    [row.name for row in (*ARGUMENTS, *REFUSED)]
    + [f"node.{name}" for name in (*RESERVED, *fields_of(NodeConfig))]
    + ["node.network.links.0.name", "node.network.links.1.ports", "node.install.disk.0"]
)
_values = st.one_of(
    st.binary(max_size=30).map(os.fsdecode),
    st.from_regex(r"[a-z0-9]{1,4}([:,;=./-][a-z0-9]{0,4}){0,6}", fullmatch=True),
    st.sampled_from(
        ["", "yes", "192.0.2.1", "bond0:a,b:mode=4", "20:eno1", "link", "-1", "\\", "'"]
    ),
)
_words = st.one_of(_values, st.tuples(_names, _values).map("=".join), _names)


@given(st.lists(_words, max_size=8).map(" ".join))
@settings(deadline=None, max_examples=200)
def test_garbage_is_answered(command_line: str) -> None:
    arguments, errors = parse_leniently(command_line)
    assert all(isinstance(error, ConfigError) and error.hint for error in errors)
    with contextlib.suppress(ConfigError):
        dump_config(merge_config(None, arguments).config).encode()
