"""Lines that Prefect logs for each part of a run and that say no more than the part's state: they are left out.

A job of a graph would have six of them beside one that says something. Each is made, shown in the terminal, sent to the
server and kept there, which took more of the processor than a quarter of what Prefect's part of a job costs in all.
With ``PREFECT_LOGGING_LEVEL=DEBUG`` they are there.
"""

from __future__ import annotations

import logging

from prefect.context import FlowRunContext

LOGGERS = ("prefect.flow_runs", "prefect.task_runs")
STEPS = frozenset({"validate inputs", "execute", "collect outputs", "chain"})
"""The tasks of a job; what fails in one is told by its run."""


def leave_out_routine() -> None:
    """Leave such lines out of the log of this process; to ask for it again changes nothing."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(is_news)


def is_news(record: logging.LogRecord) -> bool:
    """Whether a line of Prefect's log says something that the states of runs don't."""
    if record.levelno != logging.INFO or shows_everything():
        return True
    text = str(record.msg)
    if record.module == "task_engine":
        return getattr(record, "task_name", "") not in STEPS or not text.startswith("Finished in state ")
    if record.module != "flow_engine":
        return True
    return not (text.startswith("Beginning subflow run ") or (text.startswith("View at ") and _is_part()))


def shows_everything() -> bool:
    """Whether somebody looks for faults, and so wants every line of Prefect's log."""
    return logging.getLogger("prefect").isEnabledFor(logging.DEBUG)


def _is_part() -> bool:
    context = FlowRunContext.get()
    return context is not None and context.flow_run is not None and context.flow_run.parent_task_run_id is not None
