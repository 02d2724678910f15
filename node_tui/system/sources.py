"""Ask many sources at once, each with its own deadline: a dead daemon costs one line, no more."""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from persist.errors import NodeError
from persist.translation import _
from plugins.api.facts import Unavailable

SECONDS_TO_TRY_AGAIN = 15.0
# The slowest sources start a daemon or look at every disk. Until then an answer is only not there
# yet, and what the source said last still stands.
SECONDS_OF_PATIENCE = 65.0
Source = Callable[[], Mapping[str, Any]]
log = logging.getLogger("node.facts")


class Sources:
    """Named callables that each return some fields of the facts.

    A call that hangs is not repeated while it hangs, so that a dead daemon holds one thread and
    not one more with every look at the status page. One that failed is believed for a while: its
    next failure would be one more line in the journal and nothing else.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources = dict(sources)
        self._seconds = seconds
        self._clock = clock
        self._failed: dict[str, tuple[float, str]] = {}
        self._pool = ThreadPoolExecutor(len(self._sources), thread_name_prefix="facts")
        self._asked: dict[str, Future[Mapping[str, Any]]] = {}
        self._asked_at: dict[str, float] = {}
        self._last: dict[str, Mapping[str, Any]] = {}

    def ask(self) -> tuple[dict[str, Any], tuple[Unavailable, ...]]:
        """Return the fields of all sources that answered in time, and why the others did not."""
        for name, source in self._sources.items():
            if name not in self._asked and not self._recently_failed(name):
                self._asked[name] = self._pool.submit(source)
                self._asked_at[name] = self._clock()
        deadline = time.monotonic() + self._seconds
        fields: dict[str, Any] = {}
        missing = []
        for name in self._sources:
            try:
                fields |= self._answer(name, deadline)
            except _NoAnswerError as error:
                missing.append(Unavailable(source=name, reason=str(error), pending=error.pending))
        return fields, tuple(missing)

    def _recently_failed(self, name: str) -> bool:
        when, _reason = self._failed.get(name, (-SECONDS_TO_TRY_AGAIN, ""))
        return self._clock() - when < SECONDS_TO_TRY_AGAIN

    def _answer(self, name: str, deadline: float) -> Mapping[str, Any]:
        if name not in self._asked:
            raise _NoAnswerError(self._failed[name][1])
        future = self._asked[name]
        try:
            answer = future.result(max(0.0, deadline - time.monotonic()))
        except FutureTimeoutError:
            if not future.done():
                return self._be_patient(name)
            reason = _("timed out")
        except NodeError as error:
            reason = error.message
        except OSError as error:
            reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        except Exception as error:
            log.exception("facts: the source %s failed", name)
            reason = f"{type(error).__name__}: {error}"
        else:
            del self._asked[name]
            self._failed.pop(name, None)
            self._last[name] = answer
            return answer
        del self._asked[name]
        self._failed[name] = (self._clock(), reason)
        self._last.pop(name, None)
        raise _NoAnswerError(reason)

    def _be_patient(self, name: str) -> Mapping[str, Any]:
        """Return what a source that is still at work said last; _NoAnswerError without that."""
        waited = self._clock() - self._asked_at[name]
        if waited > SECONDS_OF_PATIENCE:
            self._last.pop(name, None)
            raise _NoAnswerError(_("no answer for {seconds} s").format(seconds=round(waited)))
        if name not in self._last:
            raise _NoAnswerError(_("not known yet"), pending=True)
        return self._last[name]


class _NoAnswerError(Exception):
    """A source has nothing to tell; the text says why."""

    def __init__(self, reason: str, *, pending: bool = False) -> None:
        super().__init__(reason)
        self.pending = pending
