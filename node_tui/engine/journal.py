"""Log lines for the journal: the time is its own, the level goes in front (sd-daemon(3))."""

import logging
import os
import sys

from node_tui.engine.operations import THREAD_PREFIX
from node_tui.system import command

# Kernel log levels, by the first logging level that reaches them.
LEVELS = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.NOTSET, 7))


class LooksAreQuiet(logging.Filter):
    """Drops the programs that are run to look at the machine: several a minute, for ever.

    Those of an operation stay, they are its evidence; so does every failure, whoever ran it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether ``record`` is kept."""
        is_run = record.name == command.log.name and record.levelno < logging.WARNING
        return not is_run or (record.threadName or "").startswith(THREAD_PREFIX)


class JournalFormatter(logging.Formatter):
    """Puts ``<LEVEL>`` before every line, those of a traceback too."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of ``record``."""
        level = next(number for least, number in LEVELS if record.levelno >= least)
        lines = super().format(record).splitlines() or [""]
        return "\n".join(f"<{level}>{line}" for line in lines)


def log_to_journal() -> None:
    """Send what this process logs to stderr, with levels when the journal listens there."""
    words = "%(name)s: %(message)s"
    kind = JournalFormatter if "JOURNAL_STREAM" in os.environ else logging.Formatter
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(kind(words))
    output.addFilter(LooksAreQuiet())
    logging.basicConfig(handlers=[output], level=logging.INFO)
    # Its warnings are about what callers send: nobody may fill the journal with them.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
