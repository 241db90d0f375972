"""Log records without secrets, whoever shows or keeps them: Prefect's API, a terminal, a file.

What is logged of an error are also the errors behind it, and those of a database's or store's driver may quote a URL
with everything in it.
"""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType
from typing import Any

from interfaces.secrets import without_secrets

LOGGERS = frozenset({"prefect", "flows", "tasks", "interfaces", "component_flows"})
"""Whose records are cleaned, by the first word of their names; others belong to the program that uses this project."""

_plain = logging.Formatter()


def keep_secrets_out_of_logs() -> None:
    """Clean records as they are made; to ask for it again changes nothing."""
    make = logging.getLogRecordFactory()
    if not isinstance(make, _Clean):
        logging.setLogRecordFactory(_Clean(make))


def show_fault_without_secrets(kind: type[BaseException], error: BaseException, where: TracebackType | None, /) -> None:
    """Print an error that nobody has caught, as Python does: for `sys.excepthook`."""
    print(without_secrets("".join(traceback.format_exception(kind, error, where))), end="", file=sys.stderr)


class _Clean:
    """Makes records as another factory does, and cleans those of `LOGGERS`."""

    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self, *arguments: Any, **named: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._make(*arguments, **named)
        if record.name.partition(".")[0] in LOGGERS:
            _clean(record)
        return record


def _clean(record: logging.LogRecord) -> None:
    try:
        text = record.getMessage()
    except Exception:  # a text that does not fit its arguments is reported by the handlers
        return
    if (clean := without_secrets(text)) != text:
        record.msg, record.args = clean, ()
    if record.exc_info and record.exc_info[1] is not None:
        trace = _plain.formatException(record.exc_info)
        if (clean := without_secrets(trace)) != trace:
            # Handlers take the text where there is one; some would print the error itself again.
            record.exc_text, record.exc_info = clean, None
