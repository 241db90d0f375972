"""The end of a job, whatever it is: final status, nothing left behind, what follows it."""

from __future__ import annotations

from asyncio import CancelledError
from typing import Any

from anyio import CancelScope
from prefect.client.schemas.objects import State
from prefect.exceptions import TerminationSignal

from interfaces import messages
from interfaces.errors import ComponentException, ComponentFlowsError, InvalidInputs, ValidationError
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.verdicts import error_verdict
from tasks.begun import begun
from tasks.chain import chain, follow
from tasks.deprovision import deprovisioned
from tasks.in_thread import in_thread
from tasks.records import moved, reread
from tasks.run_logging import run_logger


def ended(job: ComponentJob, error: BaseException) -> ComponentException:
    """Move a job that broke off to its final status.

    Args:
        job: Any record of it; the newest is read from the database.
        error: What broke it off.

    Returns:
        What to raise: its text is the message for the user, its `.job` the final record.
    """
    job = reread(job)
    if job.status.is_final:
        return ComponentException(job.error_message, job=job)
    if isinstance(error, InvalidInputs):
        details = {name: why[:1024] for name, why in error.problems.items()}
        message = messages.INVALID_INPUTS
        job = moved(job, JobStatus.CANCELLED, **_told(job, error, message), detailed_error_message=details)
        return InvalidInputs(error.problems, job=job)
    if isinstance(error, CancelledError | KeyboardInterrupt | TerminationSignal):
        job = moved(job, JobStatus.CANCELLED, **_told(job, error, messages.CANCELLED))
    elif isinstance(error, ComponentException | ValidationError):
        job = moved(job, JobStatus.FAILURE, **_told(job, error, str(error)))
    else:
        run_logger().error("The job %s broke off", job.id, exc_info=error)
        job = moved(job, JobStatus.FAILURE, **_told(job, error, messages.UNEXPECTED))
    return ComponentException(job.error_message, job=job)


def _told(job: ComponentJob, error: BaseException, message: str) -> dict[str, Any]:
    """What the record says about the failure, for the person and as data."""
    verdict = error_verdict(error, status=job.status, message=message, before=job.verdict)
    return {"error_message": message, "verdict": verdict.document()}


async def finish(job: ComponentJob) -> None:
    """Remove what the job left on the machine, then run what follows it.

    Neither can change a job that has ended: a failure shows in the Prefect run and its log.
    """
    try:
        await in_thread(deprovisioned, job)
    except Exception as error:  # whatever it is, the reaper tries again
        run_logger().error("What the job %s left behind could not be removed: %s", job.id, error, exc_info=error)
    if job.follow_up:
        state: State[None] = await begun(chain, job, return_state=True)
        if state.is_failed() or state.is_crashed():
            run_logger().error("After the job %s: %s", job.id, state.message)


async def finish_broken(job: ComponentJob, error: BaseException) -> BaseException:
    """Bring a job that broke off to its end, also while its flow is being cancelled.

    Returns:
        What to raise: the failure with its message for the user, or the cancellation itself, whose `cancelled_job` is
        the record. It is no `job`, which makes a failure of what broke off.
    """
    with CancelScope(shield=True):
        failure = await in_thread(ended, job, error)
        assert failure.job is not None  # `ended` sets it
        if isinstance(error, Exception):
            await finish(failure.job)
            return failure
        error.cancelled_job = failure.job  # type: ignore[attr-defined]  # for the page of the run
        # A cancelled run starts no more task runs.
        for step in (in_thread(deprovisioned, failure.job), follow(failure.job)):
            try:
                await step
            except ComponentFlowsError as problem:
                run_logger().error("%s", problem)
    return error
