"""One case through a component or graph: whatever becomes of it, it is told and not raised."""

from __future__ import annotations

import time
from typing import Any

from prefect.exceptions import CancelledRun

from flows.graph import run_graph
from flows.placing import place_component
from interfaces.batch_rows import CaseOutcome
from interfaces.cases import Case, CaseInputs
from interfaces.errors import (
    ComponentException,
    DefinitionError,
    DefinitionErrors,
    EngineUnavailable,
    GraphFailed,
    GraphInvalid,
    InvalidInputs,
    ServiceUnavailable,
    UnknownName,
)
from interfaces.graph_run import GraphRun
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from tasks.in_thread import in_thread
from tasks.read_cases import Runnable
from tasks.reuse import find_earlier
from tasks.run_logging import run_logger
from tasks.validate_inputs import read_inputs

OF_ALL_CASES = (
    DefinitionError,
    DefinitionErrors,
    EngineUnavailable,
    GraphInvalid,
    ServiceUnavailable,
    UnknownName,
)
"""What is no one case's fault: every other case would meet it too, and so it ends the batch."""

UNEXPECTED = "An unexpected error occurred"


async def run_case(runnable: Runnable, case: Case, *, refresh: bool = False) -> CaseOutcome:
    """Run a case; in a flow, as a sub-flow that is called by the case's id.

    Args:
        runnable: What it goes through.
        case: The case.
        refresh: Whether to run it also where an earlier success of the same work would do.

    Raises:
        ComponentFlowsError: One of `OF_ALL_CASES`.
    """
    if case.problems:
        return CaseOutcome(status=JobStatus.CANCELLED, message=_told(case))
    started = time.monotonic()
    try:
        if runnable.is_graph:
            run = await run_graph.aio(runnable.name, dict(case.inputs), name=case.id, refresh=refresh)
            return _of_run(run, time.monotonic() - started)
        return _of_job(await _run_component(runnable.name, case, runnable.inputs, refresh=refresh))
    except OF_ALL_CASES:
        raise
    except ComponentException as error:
        return _of_failure(error, time.monotonic() - started)
    except CancelledRun:
        return CaseOutcome(status=JobStatus.CANCELLED, message="The job was cancelled")
    except Exception:
        run_logger().exception("The case %s broke off", case.id)
        return CaseOutcome(status=JobStatus.FAILURE, message=UNEXPECTED, duration_s=time.monotonic() - started)


async def _run_component(component: str, case: Case, inputs: CaseInputs, *, refresh: bool) -> ComponentJob:
    # Stored here, so that they are read once, and an earlier success of the same work needs no run of its own.
    values = await in_thread(read_inputs, inputs.interfaces, case.inputs)
    if not refresh and (earlier := await find_earlier(component, values)):
        return earlier
    return await place_component(component, values, name=case.id, reuse=True, refresh=refresh)


def _told(case: Case) -> str:
    named = {name: why for name, why in case.problems.items() if name}
    return str(InvalidInputs(named)) if named else case.problems[""]


def _of_job(job: ComponentJob) -> CaseOutcome:
    return CaseOutcome(
        status=job.status,
        message=job.error_message,
        outputs=job.outputs,
        job=job.id,
        flow_run_id=job.flow_run_id,
        duration_s=job.duration.total_seconds() if job.duration is not None else None,
        peak_memory_bytes=job.peak_memory_bytes,
    )


def _of_run(run: GraphRun, seconds: float, **changes: Any) -> CaseOutcome:
    peaks = [job.peak_memory_bytes for job in run.jobs.values() if job.peak_memory_bytes is not None]
    own: dict[str, Any] = {"outputs": run.outputs, "flow_run_id": run.flow_run_id, "duration_s": seconds}
    told: dict[str, Any] = {"status": JobStatus.SUCCESS, **own, **changes}
    return CaseOutcome(**told, peak_memory_bytes=max(peaks, default=None))


def _of_failure(error: ComponentException, seconds: float) -> CaseOutcome:
    job, message = error.job, str(error)
    if isinstance(error, GraphFailed):
        status = job.status if job is not None else JobStatus.FAILURE
        return _of_run(error.run, seconds, status=status, message=message, job=job.id if job is not None else None)
    if job is None:
        status = JobStatus.CANCELLED if isinstance(error, InvalidInputs) else JobStatus.FAILURE
        return CaseOutcome(status=status, message=message, duration_s=seconds)
    return CaseOutcome(
        status=job.status,
        message=message,
        job=job.id,
        flow_run_id=job.flow_run_id,
        duration_s=job.duration.total_seconds() if job.duration is not None else None,
        peak_memory_bytes=job.peak_memory_bytes,
    )
