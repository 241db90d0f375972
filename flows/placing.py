"""Where the jobs of graphs, batches and evaluations run: in this process, or as runs of their own in work pools.

In a pool, each job is a run of a deployment that this makes, one a pool; whichever worker takes it up runs it, and the
values come back by their primary keys. Which machine that is, is Prefect's business: the pool and its queue are picked
by what the component needs (`interfaces.deployments.place_of`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from anyio import CancelScope
from prefect.client.orchestration import PrefectClient, get_client
from prefect.deployments import arun_deployment
from prefect.exceptions import CancelledRun
from prefect.states import Cancelled, Cancelling
from sqlalchemy import select

from flows.calling import CallableFlow
from flows.component_job import run_component
from flows.guardian import ensure_guardian
from flows.placed_runs import PlacedEnd, end_of
from interfaces import messages
from interfaces.database.component_records import find_components
from interfaces.database.interface_records import find_interfaces
from interfaces.database.job_records import load_job
from interfaces.database.lease_records import request_cancellation
from interfaces.database.tables import JobRow
from interfaces.deployments import PROJECT_TAG, Place, place_of, placed_tag
from interfaces.errors import ComponentException, DefinitionError, InvalidInputs, UnknownName
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.settings import get_settings
from interfaces.site import get_site
from interfaces.value import ComponentInterfaceValue
from tasks.in_thread import in_thread
from tasks.run_logging import run_logger
from tasks.validate_inputs import read_inputs

_deployments: dict[tuple[str, str, Place], UUID] = {}
"""By API URL, flow and place: a deployment that this process has seen to."""


def places_in_pools() -> bool:
    """Whether jobs are runs of their own in work pools."""
    return get_settings().place_jobs == "pool"


def placed_at_once() -> int | None:
    """Most jobs that wait or run in work pools at a time; None where jobs run in this process."""
    return get_settings().placed_at_once if places_in_pools() else None


async def place_component(
    component: str,
    inputs: Mapping[str, Any],
    tell: Callable[[ComponentJob], None] | None = None,
    *,
    upstream: Iterable[object] = (),
    **options: Any,
) -> ComponentJob:
    """Run a component, where the setting `place_jobs` says.

    Args:
        component: Its slug.
        inputs: As `run_component` takes them.
        tell: Told the job once it has succeeded, which may be before its run has ended.
        upstream: What the Prefect UI draws edges from.
        **options: The other parameters of `run_component`.

    Raises:
        ComponentException: The job failed; `.job` is the record.
        InvalidInputs: One or more inputs are invalid.
        CancelledRun: It was cancelled in the Prefect UI.
    """
    if not places_in_pools():
        flow = run_component.unchecked().after(*upstream).telling(tell)
        job: ComponentJob = await flow.aio(component, dict(inputs), **options)
        return job
    values = await in_thread(_read, component, inputs)
    parameters = {"component": component, "inputs": {name: reference(one) for name, one in values.items()}, **options}
    return await place(run_component, "flows.component_job.run_component", component, parameters)


def _read(slug: str, inputs: Mapping[str, Any]) -> dict[str, ComponentInterfaceValue]:
    """Inputs of a component, stored where every machine finds them."""
    with get_site().database.session() as session:
        interfaces = find_interfaces(session, find_components(session, [slug])[slug].input_slugs)
    if unknown := [name for name in inputs if name not in interfaces]:
        raise InvalidInputs(dict.fromkeys(unknown, f"is no input of '{slug}'"))
    return read_inputs(interfaces, inputs)


def _needs(slug: str) -> Place:
    with get_site().database.session() as session:
        return place_of([find_components(session, [slug])[slug]], get_settings().deploy)


def reference(value: ComponentInterfaceValue) -> dict[str, Any]:
    """A stored value as a parameter of a run elsewhere; `tasks.validate_inputs` reads it."""
    return {"pk": value.pk, "sha256": value.sha256, "interface": value.interface.slug}


async def place(
    flow: CallableFlow[Any, ComponentJob], entrypoint: str, component: str, parameters: dict[str, Any]
) -> ComponentJob:
    """Run a flow that gives a job in the work pool of what it needs, and wait for it.

    Args:
        flow: The flow.
        entrypoint: Where workers import it from.
        component: Slug of the one whose needs pick the pool and queue.
        parameters: JSON; values as `reference` gives them.

    Raises:
        ComponentException: The job failed, or its run did not come to one.
        CancelledRun: It was cancelled in the Prefect UI.
    """
    where = await in_thread(_needs, component)
    async with get_client() as client:
        deployment = await _deployment(client, flow, entrypoint, where)
        run = await arun_deployment(
            deployment, client=client, parameters=parameters, timeout=0, flow_run_name=parameters.get("name") or None
        )
    try:
        await in_thread(ensure_guardian)  # so that the death of the machine that takes it up is noticed
        return await in_thread(_job_of, await end_of(run.id, where))
    except BaseException as error:
        if not isinstance(error, Exception):
            with CancelScope(shield=True):
                await _cancel(run.id)
        raise


async def _deployment(client: PrefectClient, flow: CallableFlow[Any, Any], entrypoint: str, where: Place) -> UUID:
    key = (str(client.api_url), flow.name, where)
    if key not in _deployments:
        from tasks.apply_deployments import ensure_pool, surroundings  # it imports what belongs to Prefect's workers

        await ensure_pool(client, where.pool)
        site = get_site()
        _deployments[key] = await client.create_deployment(
            await client.create_flow_from_name(flow.name),
            f"placed-in-{where.pool}-{where.queue}",
            description="Jobs of graphs, batches and evaluations that are placed in this work pool.",
            tags=[PROJECT_TAG, placed_tag(site.id)],
            entrypoint=entrypoint,
            work_pool_name=where.pool,
            work_queue_name=where.queue,
            enforce_parameter_schema=False,
            **surroundings(site),
        )
    return _deployments[key]


def _job_of(end: PlacedEnd) -> ComponentJob:
    """The succeeded job of a run that has ended.

    Raises:
        ComponentException: It failed.
        CancelledRun: It was cancelled.
    """
    if end.job_id is not None:
        with get_site().database.session() as session:
            job = load_job(session, end.job_id)
        if job.status is JobStatus.SUCCESS:
            return job
        if job.detailed_error_message:
            raise InvalidInputs({name: str(why) for name, why in job.detailed_error_message.items()}, job=job)
        raise ComponentException(job.error_message, job=job)
    kind, text = end.error or ("", messages.UNEXPECTED)
    if kind in ("Cancelled", "CancelledError", "TerminationSignal"):
        raise CancelledRun(text or messages.CANCELLED)
    known = {one.__name__: one for one in (DefinitionError, UnknownName)}
    raise known.get(kind, ComponentException)(text)


async def _cancel(flow_run_id: UUID) -> None:
    """Stop a run that nobody waits for any more."""
    try:
        await in_thread(_request_cancellation, flow_run_id)
        async with get_client() as client:
            run = await client.read_flow_run(flow_run_id)
            if run.state is None or run.state.is_final():
                return
            has_begun = run.state.is_running() or run.state.is_pending()
            await client.set_flow_run_state(flow_run_id, (Cancelling if has_begun else Cancelled)(), force=True)
    except Exception as error:  # of any kind: it was cancelled here, and that is what is to be told
        run_logger().warning("The run %s in a work pool could not be cancelled: %s", flow_run_id, error)


def _request_cancellation(flow_run_id: UUID) -> None:
    with get_site().database.session() as session:
        for job_id in session.scalars(select(JobRow.id).where(JobRow.flow_run_id == flow_run_id)):
            request_cancellation(session, job_id)
