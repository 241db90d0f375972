"""The logger of the current Prefect run."""

from __future__ import annotations

import logging
from typing import Any

from prefect.exceptions import MissingContextError
from prefect.logging import get_logger, get_run_logger


def run_logger() -> logging.Logger | logging.LoggerAdapter[Any]:
    """The logger of the current run, or of the project where there is none."""
    try:
        return get_run_logger()
    except MissingContextError:
        return get_logger("component_flows")
