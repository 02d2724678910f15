"""Sends what Python would print on standard error to the journal: that is where the screen is."""

import logging
import sys
import syslog
import threading
import traceback
import warnings
from types import TracebackType

_IDENTITY = "node-tui"


class JournalHandler(logging.Handler):
    """Hands log records to the journal, through the socket that syslog uses."""

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record, line by line as the journal wants it."""
        tell(self.format(record))


def tell(text: str) -> None:
    """Write an error to the journal; without a journal it is lost, never printed."""
    for row in text.splitlines():
        syslog.syslog(syslog.LOG_ERR, row)


def send_faults_to_journal() -> None:
    """Redirect logging, warnings, dying threads and errors in finalisers for this process."""
    syslog.openlog(_IDENTITY, syslog.LOG_PID)
    logging.basicConfig(handlers=[JournalHandler()], level=logging.WARNING, force=True)
    warnings.simplefilter("ignore")
    threading.excepthook = _tell_thread
    sys.unraisablehook = lambda fault: _tell(fault.exc_type, fault.exc_value, fault.exc_traceback)


def _tell_thread(fault: threading.ExceptHookArgs) -> None:
    _tell(fault.exc_type, fault.exc_value, fault.exc_traceback)


def _tell(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    tell("".join(traceback.format_exception(kind, error, trace)))
