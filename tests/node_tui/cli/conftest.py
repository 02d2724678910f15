"""The engine that the tests of this folder talk to, and nodectl as a call."""

import sys
from collections.abc import Callable

import pytest

from node_tui.cli.nodectl import main
from tests.node_tui.engine.benches import Bench, bench

__all__ = ["bench"]

Run = Callable[..., int]


@pytest.fixture
def run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Run:
    def call(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["nodectl", *words, "--sockets", str(bench.folder)])
        return main()

    return call
