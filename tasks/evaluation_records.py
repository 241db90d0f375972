"""A submission's record in the database, moved on step by step."""

from __future__ import annotations

import asyncio
from typing import Any

from anyio import CancelScope
from prefect.exceptions import CancelledRun

from interfaces import messages
from interfaces.database.evaluation_records import add_case, save_evaluation
from interfaces.errors import ComponentFlowsError
from interfaces.evaluations import EvaluatedCase, Evaluation
from interfaces.job_status import JobStatus
from interfaces.site import get_site
from tasks.in_thread import in_thread
from tasks.run_logging import run_logger


def recorded(evaluation: Evaluation) -> Evaluation:
    """Write the record; gives it back."""
    with get_site().database.session() as session:
        save_evaluation(session, evaluation)
    return evaluation


def moved(evaluation: Evaluation, status: JobStatus, **changes: Any) -> Evaluation:
    """Move the submission to another status and write its record."""
    return recorded(evaluation.at(status, **changes))


def case_recorded(evaluation: Evaluation, position: int, case: EvaluatedCase) -> None:
    """Write what became of a case; its place among the cases counts from 0."""
    with get_site().database.session() as session:
        add_case(session, evaluation.id, position, case)


async def ended_by(evaluation: Evaluation, error: BaseException) -> None:
    """Write the end of a submission that something broke off."""
    if isinstance(error, asyncio.CancelledError | CancelledRun | KeyboardInterrupt):
        status, message = JobStatus.CANCELLED, "The evaluation was cancelled"
    else:
        status = JobStatus.FAILURE
        message = str(error) if isinstance(error, ComponentFlowsError) else messages.UNEXPECTED
    job = getattr(error, "job", None)
    is_own = job is not None and evaluation.status is JobStatus.EXECUTING
    changes = {"error_message": message, **({"job": job.id} if job is not None and is_own else {})}
    try:
        # A cancellation must not keep its own end from being written.
        with CancelScope(shield=True):
            await in_thread(moved, evaluation, status, **changes)
    except Exception:
        run_logger().exception("The end of the evaluation %s could not be written", evaluation.id)
