"""The console ignores the signals of a keyboard; what runs after its tests must not."""

import signal
from collections.abc import Iterator

import pytest

KEYBOARD = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)


@pytest.fixture(autouse=True)
def keep_signals() -> Iterator[None]:
    """Give the test process its handlers back: its children inherit what is ignored."""
    before = {number: signal.getsignal(number) for number in KEYBOARD}
    yield
    for number, action in before.items():
        signal.signal(number, action)
