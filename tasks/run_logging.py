"""The logger of the current Prefect run."""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable
from typing import Any

from prefect.exceptions import MissingContextError
from prefect.logging import get_logger, get_run_logger


def run_logger() -> logging.Logger | logging.LoggerAdapter[Any]:
    """The logger of the current run, or of the project where there is none."""
    try:
        return get_run_logger()
    except MissingContextError:
        return get_logger("component_flows")


def show_in_run() -> Callable[[str], None]:
    """What logs a text to the current run, also from a thread that knows nothing of it.

    Prefect finds its server by context variables; a thread without them would start a server of its own. The callers
    see to it that only one text is logged at a time.
    """
    context, logger = contextvars.copy_context(), run_logger()
    return lambda text: context.run(logger.info, "%s", text)
