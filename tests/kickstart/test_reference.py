"""What the docs say is what the code does: generated, compared, and no name used twice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kickstart.arguments.refused import REFUSED
from kickstart.arguments.settings import RESERVED
from kickstart.arguments.table import ARGUMENTS
from kickstart.reference import references
from persist.model import NodeConfig
from persist.model.fields import Field, fields_of, is_struct, item_type

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", sorted(references()))
def test_the_reference_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == references()[name], (
        "run: python -m kickstart.reference"
    )


def test_no_reserved_word_is_a_section() -> None:
    sections = set(fields_of(NodeConfig))
    assert not sections & {word.partition(".")[0] for word in RESERVED}


def test_no_argument_stands_in_the_table_twice() -> None:
    names = [name for row in (*ARGUMENTS, *REFUSED) for name in (row.name, *row.aliases)]
    assert len(names) == len(set(names))


def test_every_row_says_what_it_means() -> None:
    for row in (*ARGUMENTS, *REFUSED):
        assert row.help.endswith((".", ":", "=.")), row.name
        assert row.form, row.name


def _keys(kind: Any, path: str) -> Iterator[tuple[str, Field]]:
    for field in fields_of(kind).values():
        name = f"{path}.{field.name}"
        yield name, field
        inner = item_type(field.type) or field.type
        if is_struct(inner):
            yield from _keys(inner, name)


def test_every_key_is_described() -> None:
    for section in fields_of(NodeConfig).values():
        if is_struct(section.type):
            for name, field in _keys(section.type, section.name):
                assert field.description, name
