"""Slow down guessing of passwords, without ever locking anybody out."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE_FAILURES = 2
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 60.0
FORGET_AFTER = 3600.0
MOST_REMEMBERED = 1024


@dataclass(frozen=True)
class Failures:
    """How often in a row, and when last (seconds of the clock)."""

    count: int
    last: float


class Throttle:
    """Counts failures per user and source; after the third, pauses of 2 s doubling to 60 s."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], Failures] = OrderedDict()

    def pause(self, user: str, source: str) -> float:
        """Return the seconds until the next try counts; 0 when it may happen now."""
        failures = self._failures.get((user, source))
        if failures is None or failures.count <= FREE_FAILURES:
            return 0.0
        pause = min(FIRST_PAUSE * 2.0 ** (failures.count - FREE_FAILURES - 1), LONGEST_PAUSE)
        return max(0.0, failures.last + pause - self._clock())

    def failed(self, user: str, source: str) -> None:
        """Count a wrong password."""
        now = self._clock()
        before = self._failures.pop((user, source), None)
        known = before.count if before and now - before.last < FORGET_AFTER else 0
        self._failures[user, source] = Failures(known + 1, now)
        if len(self._failures) > MOST_REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, user: str, source: str) -> None:
        """Forget the failures: the right password came."""
        self._failures.pop((user, source), None)
