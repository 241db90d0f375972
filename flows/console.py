"""What Prefect's log shows in a terminal, where flows are called as functions: one sentence for an error of ours.

Prefect logs each error of a task and of a flow with its traceback, and once more for each flow around it: three screens
for a file's name that is spelt wrongly. The error reaches the caller all the same, and the log in the Prefect UI keeps
every line, as does the terminal with ``PREFECT_LOGGING_LEVEL=DEBUG``.
"""

from __future__ import annotations

import logging

from prefect.logging.handlers import PrefectConsoleHandler

from flows.routine_log import shows_everything
from interfaces.errors import ComponentFlowsError


def keep_console_brief() -> None:
    """Leave out of this process's terminal what says nothing more; to ask for it again changes nothing."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, PrefectConsoleHandler):
            handler.addFilter(_is_telling)


def _is_telling(record: logging.LogRecord) -> bool:
    if shows_everything():
        return True
    if record.exc_info and isinstance(record.exc_info[1], ComponentFlowsError):
        return False  # its text follows, in the state of the run and from whoever catches it
    if record.name == "prefect.engine" and str(record.msg).startswith("View at "):
        return False  # the run's own log says it right after
    # A program that ends sends what it has, and waits for it anyway.
    return not (record.name == "EventsWorker" and str(record.msg).startswith("Still processing "))
