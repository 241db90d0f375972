"""One component over one set of inputs: from inputs to outputs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.runtime import flow_run

from flows.calling import component_flow, give_early
from flows.cancelling import Canceller
from flows.guardian import ensure_guardian
from interfaces.engine import get_engine
from interfaces.errors import DefinitionError
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from tasks.admission import admitted
from tasks.attempts import run_container, take_outputs
from tasks.begun import begun
from tasks.chain import check_reference, kept_reference
from tasks.create_job import create_job, repeat_job
from tasks.finish_job import finish, finish_broken
from tasks.form_inputs import given_to_component
from tasks.holding import held, stoppable
from tasks.in_thread import in_thread
from tasks.misses import keep_work
from tasks.records import moved
from tasks.run_logging import run_logger
from tasks.run_pages import show_broken, show_job
from tasks.same_work import succeeded_or_begun
from tasks.schedules import missed
from tasks.validate_inputs import validate_inputs

_next_job: ContextVar[UUID | None] = ContextVar("component_flows_next_job", default=None)
"""The id that a run's tags name already, for the job that the run makes."""


def _run_name(parameters: Mapping[str, Any]) -> str:
    return str(parameters.get("name") or parameters["component"])


def current_flow_run_id() -> UUID | None:
    """The Prefect flow run that this code runs in, or None."""
    run_id: str | None = flow_run.id
    return UUID(run_id) if run_id else None


def _run_tags(parameters: Mapping[str, Any]) -> list[str]:
    """The tags of a run that is not there yet, among them that of the job that it is going to make."""
    job_id = uuid4()
    _next_job.set(job_id)
    return [str(parameters["component"]), f"job:{job_id}"]


def _taken_job_id() -> UUID | None:
    """The id that this run's tags name, once."""
    # Apart from the flow's body, which `serve` pickles with all that it names; a context variable can't be pickled.
    job_id = _next_job.get()
    _next_job.set(None)
    return job_id


@component_flow(
    name="run-component", named_by=_run_name, tagged_by=_run_tags, hands_on=lambda job: list(job.outputs.values())
)
async def run_component(
    component: str,
    inputs: dict[str, Any],
    *,
    name: str = "",
    time_limit: int | None = None,
    memory_gb: float | None = None,
    input_prefixes: dict[str, str] | None = None,
    task_on_success: dict[str, Any] | None = None,
    task_on_failure: dict[str, Any] | None = None,
    reuse: bool = False,
    refresh: bool = False,
) -> ComponentJob:
    """Run a registered component.

    Args:
        component: Its slug.
        inputs: By slug: a JSON value, a path or URI (for images and files), a `pathlib.Path` (for JSON kinds too), or a
            stored value such as another job's output.
        name: What the run is called; the component's slug unless given.
        time_limit: Seconds, in place of the component's own.
        memory_gb: GB (2**30 bytes), in place of the component's own.
        input_prefixes: By a value's pk (as text), its path prefix below /input.
        task_on_success: What runs after success: `{"flow": "module:function", "parameters": {...}}`, or `task` or
            `deployment` in place of `flow`.
        task_on_failure: The same after failure or cancellation.
        reuse: Whether an earlier success of the same work will do: the same image, model, method, GPU type, and inputs.
            If it is being done just now, by whomever, that run is waited for.
        refresh: With `reuse`: whether to run it nevertheless, for a component that is not deterministic, say. Later
            calls take the outputs of this run.

    Returns:
        The succeeded job, with its outputs; with `reuse` it may be the earlier job itself, of another name and time.

    Raises:
        ComponentException: The job failed; its text is the message for the user, `.job` the record.
        InvalidInputs: One or more inputs are invalid; `.problems` holds them all.
        UnknownName: No such component is registered.
        DefinitionError: A limit is out of bounds, or what is to follow can't be run, or would not be for want of a run.
        EngineUnavailable: No container engine answers.
    """
    if state := await missed():
        return cast(ComponentJob, state)
    await in_thread(get_engine)
    if reuse and (task_on_success or task_on_failure):
        raise DefinitionError(
            "what follows a job runs with that job only; ask either for 'reuse' or for a task after it"
        )
    for follower in (task_on_success, task_on_failure):
        await check_reference(follower)
    inputs = await given_to_component(component, inputs)
    make = partial(
        create_job,
        component,
        name=name or component,
        time_limit=time_limit,
        memory_gb=memory_gb,
        input_prefixes=input_prefixes,
        task_on_success=kept_reference(task_on_success),
        task_on_failure=kept_reference(task_on_failure),
        flow_run_id=current_flow_run_id(),
        job_id=_taken_job_id(),
    )
    if not reuse:
        return await run_job(await in_thread(make), inputs)
    job = await succeeded_or_begun(partial(make, store=False), inputs, refresh=refresh)
    if job.status is JobStatus.SUCCESS:
        await show_job(job)
        return job
    return await run_job(job, job.inputs if job.cache_key else inputs)


async def run_job(job: ComponentJob, inputs: Mapping[str, Any]) -> ComponentJob:
    """Take a queued job to its end.

    Returns:
        The succeeded job.

    Raises:
        ComponentException: The job failed, or its inputs are invalid.
    """
    tagging = asyncio.create_task(_tag_run(job))  # beside the steps, none of which waits for it
    cancel = Canceller()
    with held(job):
        try:
            with stoppable(job, cancel):
                await in_thread(ensure_guardian)
                if job.cache_key:  # its inputs were read to see whether the work was done before
                    job = await in_thread(moved, job, JobStatus.VALIDATING_INPUTS)
                else:
                    job = await begun(validate_inputs, job, inputs)
                async with admitted(job):
                    job = await run_container(job)
                job = await take_outputs(job)
            keep_work(job)
            give_early(job)
        except BaseException as error:
            broken = await finish_broken(job, error)
            await show_broken(broken)
            if state := cancel.end_of(error, broken):
                return cast(ComponentJob, state)  # Prefect takes it for the run's state
            raise broken from error
        page = show_job(job)  # beside the last steps
        await finish(job)
    await tagging
    await page
    return job


async def _tag_run(job: ComponentJob) -> None:
    """Let the Prefect run be found by its component and by its job."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    given = set(context.flow_run.tags)
    tags = {tag for tag in given if not tag.startswith("job:")} | {job.component, f"job:{job.id}"}
    if tags == given:
        return  # as it was created
    try:
        async with get_client() as client:
            await client.update_flow_run(context.flow_run.id, tags=sorted(tags))
    except httpx.HTTPError as error:
        run_logger().warning("The run could not be tagged: %s", error)


arun_component = run_component.aio
"""The async twin of `run_component`."""


def _retry_name(parameters: Mapping[str, Any]) -> str:
    return f"retry {str(parameters['job'])[:8]}"


@component_flow(name="retry-job", named_by=_retry_name, hands_on=lambda job: list(job.outputs.values()))
async def retry_job(job: str, *, time_limit: int | None = None, memory_gb: float | None = None) -> ComponentJob:
    """Run a job that has ended once more: the same image and inputs, if wanted with other limits.

    The limits of a job never change, so this is a job of its own; its `retry_of` names the one that it repeats.

    Args:
        job: The id of a job that has ended, or the start of it.
        time_limit: Seconds, in place of that job's.
        memory_gb: GB (2**30 bytes), in place of that job's.

    Returns:
        The succeeded job.

    Raises:
        ComponentException: The job failed; its text is the message for the user, `.job` the record.
        UnknownName: No such job is known.
        DefinitionError: It has not ended, or a limit is out of bounds.
        EngineUnavailable: No container engine answers.
    """
    await in_thread(get_engine)
    again = await in_thread(
        repeat_job, job, time_limit=time_limit, memory_gb=memory_gb, flow_run_id=current_flow_run_id()
    )
    return await run_job(again, again.inputs)


aretry_job = retry_job.aio
"""The async twin of `retry_job`."""
