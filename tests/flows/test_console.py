"""What a terminal shows of Prefect's log: all but the tracebacks of errors that were written for people."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
from prefect.logging.handlers import PrefectConsoleHandler

from flows.console import keep_console_brief
from interfaces.errors import ComponentException, InvalidInputs


@pytest.fixture
def terminal() -> Iterator[io.StringIO]:
    """What a handler of Prefect's, beside the others, writes."""
    shown = io.StringIO()
    handler = PrefectConsoleHandler(shown)
    logging.getLogger().addHandler(handler)
    yield shown
    logging.getLogger().removeHandler(handler)


def log_fault(error: Exception) -> None:
    try:
        raise error
    except Exception:
        logging.getLogger("prefect.flow_runs").exception("Encountered exception during execution")


def test_an_error_of_ours_has_no_traceback_and_one_of_the_program_has(terminal: io.StringIO):
    keep_console_brief()
    log_fault(InvalidInputs({"scan": "is no image"}))
    log_fault(ComponentException("too dark"))
    assert terminal.getvalue() == ""
    log_fault(KeyError("a fault in the program"))
    assert "Traceback" in terminal.getvalue()
    assert "KeyError" in terminal.getvalue()


def test_whoever_looks_for_faults_sees_them_all(terminal: io.StringIO):
    keep_console_brief()
    logger = logging.getLogger("prefect")
    before = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        log_fault(InvalidInputs({"scan": "is no image"}))
    finally:
        logger.setLevel(before)
    assert "is no image" in terminal.getvalue()


def test_the_address_of_a_run_is_told_once(terminal: io.StringIO):
    keep_console_brief()
    keep_console_brief()
    for name in ("prefect.engine", "prefect.flow_runs"):
        logging.getLogger(name).warning("View at http://127.0.0.1:4300/runs/flow-run/1")
    logging.getLogger("EventsWorker").warning("Still processing items: 2 items remaining...")
    assert terminal.getvalue().count("View at") == 1
    assert "Still processing" not in terminal.getvalue()


def test_nothing_is_reported_to_prefect_whatever_is_imported_first():
    code = "import sys, os, flows; print(os.environ['DO_NOT_TRACK'], 'prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1 False\n"
