"""What a worker has taken up is on record while it runs, so that another one can take it up if this machine dies.

In the process that a worker (or `serve`) starts for a flow run, the body of that run is wrapped in this. Calls in
scripts, notebooks and other flows are not: whoever called them is there to see them fail.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import wraps
from inspect import signature
from typing import Any
from uuid import UUID

from anyio import CancelScope
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import Abort
from prefect.runtime import flow_run
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from interfaces.access import RUNNER_VARIABLE
from interfaces.database.job_records import load_job
from interfaces.database.tables import JobRow
from interfaces.database.worker_run_records import (
    WorkerRun,
    WorkerRunStatus,
    begin_worker_run,
    end_worker_run,
    find_worker_runs,
    restart_worker_run,
)
from interfaces.errors import ComponentException
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.site import get_site
from interfaces.verdicts import VerdictKind
from tasks.create_job import repeating
from tasks.holding import held_run
from tasks.in_thread import in_thread
from tasks.run_logging import run_logger

Body = Callable[..., Awaitable[Any]]


def on_record(body: Body) -> Body:
    """The body of a flow, on record where it is the run that a worker has started this process for."""

    @wraps(body)
    async def recorded(*args: Any, **kwargs: Any) -> Any:
        if flow_run.id is None or flow_run.id != os.environ.get(RUNNER_VARIABLE):
            return await body(*args, **kwargs)  # a part of that run, or something beside it
        return await _recorded(UUID(flow_run.id), lambda: body(*args, **kwargs))

    with suppress(NameError):  # a name that is there for type checkers only
        # Prefect would look up what annotations name in this module, and not in the body's.
        recorded.__signature__ = signature(body, eval_str=True)  # type: ignore[attr-defined]
    return recorded


async def _recorded(flow_run_id: UUID, call: Callable[[], Awaitable[Any]]) -> Any:
    run = await in_thread(_begun, flow_run_id) or await _begun_again(flow_run_id)
    if run is None:
        raise _aborted("Another process runs this, or has run it to its end.")
    ended = _Ended()
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # a coroutine runs in a task

    def stop() -> None:
        with suppress(RuntimeError):  # its loop has just been closed
            loop.call_soon_threadsafe(task.cancel)

    try:
        with held_run(flow_run_id, stop):
            result = await _first_or_again(run, call)
            ended.take(result)
            return result
    except BaseException as error:
        ended.fail(error)
        raise
    finally:
        with CancelScope(shield=True):
            is_ours = await in_thread(_end, run, ended)
        if not is_ours:
            # Its state is for whoever has it now to say, not for this process.
            raise _aborted("Another machine has taken this run up, since this one gave no sign of life.")


def _aborted(why: str) -> Abort:
    """To raise where the run is none of this process's business: Prefect then leaves the run's state as it is."""
    run_logger().warning("%s", why)
    return Abort(why)


class _Ended:
    """How a run ended: with a job, or with an error."""

    job_id: UUID | None = None
    error: tuple[str, str] | None = None

    def take(self, result: Any) -> None:
        if isinstance(result, ComponentJob):
            self.job_id = result.id
        elif isinstance(result, State):  # how a run says that it failed or was cancelled
            if isinstance(result.data, BaseException):
                self.fail(result.data)
            elif not result.is_completed():
                self.error = (result.type.value.title(), result.message or "")

    def fail(self, error: BaseException) -> None:
        job = getattr(error, "job", None)
        self.job_id = job.id if job is not None else None
        self.error = (type(error).__name__, str(error))


async def _first_or_again(run: WorkerRun, call: Callable[[], Awaitable[Any]]) -> Any:
    """Run the body; where a process died over it, what its job came to by then counts."""
    if run.attempt == 1:
        return await call()
    run_logger().warning("Attempt %d: the process that ran this before went away, or its machine did", run.attempt)
    job = await in_thread(_own_job, run.flow_run_id)
    if job is None:
        return await call()  # a graph, a batch, an evaluation: its finished jobs are found again
    if job.status is JobStatus.SUCCESS:
        return job
    if (job.verdict or {}).get("kind") != VerdictKind.RUNNER_LOST:
        raise ComponentException(job.error_message, job=job)
    with repeating(job.id):
        return await call()


def _begun(flow_run_id: UUID) -> WorkerRun | None:
    with get_site().database.session() as session:
        return begin_worker_run(session, flow_run_id)


async def _begun_again(flow_run_id: UUID) -> WorkerRun | None:
    """The run, where it has ended and somebody has scheduled it anew since, as the button 'Retry' of the UI does."""
    ended = await in_thread(_ended_run, flow_run_id)
    if ended is None:
        return None
    async with get_client() as client:
        states = await client.read_flow_run_states(flow_run_id)
    if not any(state.is_scheduled() and state.timestamp > ended.modified for state in states):
        return None
    return await in_thread(_restarted, ended)


def _ended_run(flow_run_id: UUID) -> WorkerRun | None:
    with get_site().database.session() as session:
        found = find_worker_runs(session, [flow_run_id]).get(flow_run_id)
    return found if found is not None and found.status is WorkerRunStatus.ENDED else None


def _restarted(ended: WorkerRun) -> WorkerRun | None:
    with get_site().database.session() as session:
        return restart_worker_run(session, ended)


def _end(run: WorkerRun, ended: _Ended) -> bool:
    try:
        with get_site().database.session() as session:
            return end_worker_run(session, run, job_id=ended.job_id, error=ended.error)
    except SQLAlchemyError as error:
        run_logger().error("How this run ended could not be written down: %s", error)
        return False


def _own_job(flow_run_id: UUID) -> ComponentJob | None:
    with get_site().database.session() as session:
        found = own_job_id(session, flow_run_id)
        return load_job(session, found) if found is not None else None


def own_job_id(session: Session, flow_run_id: UUID) -> UUID | None:
    """The newest job that a flow run was the run of; None of a graph, a batch or an evaluation."""
    mine = select(JobRow.id).where(JobRow.flow_run_id == flow_run_id).order_by(JobRow.created.desc()).limit(1)
    return session.scalar(mine)
