"""Runs whose machine died are run again by whichever worker takes them up: once for each time that they were lost.

The jobs of the machine are settled first (`tasks.reap`), so that what a container had finished is not done again.
Prefect does the rest: the same flow run is scheduled anew, in its pool and queue, so that whoever waits for it or looks
at it in the UI sees it go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed, Scheduled

from flows.lost_runs import PENDING_LEASES, is_due, leases_ago
from flows.worker_run import own_job_id
from interfaces import messages
from interfaces.database.job_records import load_job
from interfaces.database.lease_records import leases
from interfaces.database.worker_run_records import (
    WorkerRun,
    WorkerRunStatus,
    end_worker_run,
    find_worker_runs,
    lose_worker_run,
    unfinished_worker_runs,
)
from interfaces.deployments import placed_tag, site_tag
from interfaces.site import get_site
from tasks.adopt import LOST
from tasks.in_thread import in_thread
from tasks.run_logging import run_logger

MOST_ATTEMPTS = 3
"""Machines that one run may lose: it may be the run that makes them die."""

SEEN_AT_ONCE = 200

RUN_AGAIN = "AwaitingRetry"
"""As Prefect calls the state of what is run again."""


async def take_up_lost_runs() -> list[UUID]:
    """Have those runs run again whose processes died, and those that never began.

    Returns:
        The flow runs that were scheduled anew.
    """
    async with get_client() as client:
        again = [run.flow_run_id for run in await in_thread(_unfinished) if await _taken_up(client, run)]
        return again + [run.id for run in await _stuck(client) if await _scheduled(client, run.id)]


def lost_worker_runs() -> list[WorkerRun]:
    """Runs whose processes are gone, also those that are to be run again and have not begun."""
    return [run for run in _unfinished() if run.is_abandoned() or run.status is WorkerRunStatus.LOST]


def _unfinished() -> list[WorkerRun]:
    with get_site().database.session() as session:
        return unfinished_worker_runs(session)


async def _taken_up(client: PrefectClient, run: WorkerRun) -> bool:
    if not run.is_abandoned() and not is_due(run):
        return False
    if not await in_thread(_is_settled, run):
        return False  # what a container had finished would be done again
    try:
        state = (await client.read_flow_run(run.flow_run_id)).state
    except ObjectNotFound:  # somebody has deleted it
        await in_thread(_ended, run, Crashed(message=LOST))
        return False
    except httpx.HTTPError as error:
        run_logger().warning("The flow run %s can't be looked at, and is again: %s", run.flow_run_id, error)
        return False
    if run.status is WorkerRunStatus.LOST and not _is_lost_again(run, state):
        return False
    if (end := _end_of(run, state)) is not None:
        if await in_thread(_ended, run, end) and (state is None or state.type != end.type):
            await client.set_flow_run_state(run.flow_run_id, end, force=True)
        return False
    return is_due(run) and await in_thread(_lost, run) and await _scheduled(client, run.flow_run_id)


def _is_lost_again(run: WorkerRun, state: State | None) -> bool:
    """Whether nobody is about to run what is on record as lost, as far as Prefect's state of it says."""
    if state is None or state.is_scheduled() or state.is_pending() or state.is_paused():
        return False
    # Running: whoever noted the loss did not come to schedule it, or that run was lost before its first line. Crashed:
    # its worker said so after it was scheduled, or the next one could not start it.
    return not state.is_running() or run.modified < leases_ago(PENDING_LEASES)


def _is_settled(run: WorkerRun) -> bool:
    """Whether all that its dead process worked on has come to its end."""
    with get_site().database.session() as session:
        own = own_job_id(session, run.flow_run_id)
        is_open = own is not None and not load_job(session, own).status.is_final
        return not is_open and not any(lease.owner == run.owner for lease in leases(session))


def _end_of(run: WorkerRun, state: State | None) -> State | None:
    """The state that a run ends with whose process is gone; None where it is to run again."""
    if state is not None and (state.is_completed() or state.is_failed() or state.is_cancelled()):
        return state  # its process had said so, or its job was settled
    if state is not None and state.is_cancelling():
        return Cancelled(message=messages.CANCELLED)
    if run.attempt >= MOST_ATTEMPTS:
        return Crashed(name="RunnerLost", message=f"{LOST}, {run.attempt} times")
    return None


def _ended(run: WorkerRun, state: State) -> bool:
    with get_site().database.session() as session:
        job_id = own_job_id(session, run.flow_run_id)
        error = None if state.is_completed() else (state.name or "RunnerLost", state.message or LOST)
        return end_worker_run(session, run, job_id=job_id, error=error)


def _lost(run: WorkerRun) -> bool:
    with get_site().database.session() as session:
        return lose_worker_run(session, run)


async def _scheduled(client: PrefectClient, flow_run_id: UUID) -> bool:
    """Have Prefect hand the run to a worker again."""
    state: State = Scheduled(name=RUN_AGAIN, message=f"It is run again, since {LOST}.")
    try:
        await client.set_flow_run_state(flow_run_id, state, force=True)
    except (httpx.HTTPError, ObjectNotFound) as error:
        run_logger().warning("The flow run %s could not be scheduled again, and is later: %s", flow_run_id, error)
        return False
    return True


async def _stuck(client: PrefectClient) -> list[FlowRun]:
    """Runs of this site's deployments that a worker took up long ago and that never came to their first line.

    Of other deployments it can't be known that their runs are on record here.
    """
    begun = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING]))
    )
    site_id = get_site().id
    ours = DeploymentFilter(tags=DeploymentFilterTags(any_=[site_tag(site_id), placed_tag(site_id)]))
    try:
        runs = await client.read_flow_runs(flow_run_filter=begun, deployment_filter=ours, limit=SEEN_AT_ONCE)
    except httpx.HTTPError as error:
        run_logger().warning("Runs that never began can't be looked for, and are again: %s", error)
        return []
    old = [run for run in runs if run.state is not None and run.state.timestamp < leases_ago(PENDING_LEASES)]
    known = await in_thread(_known, [run.id for run in old])
    return [run for run in old if run.id not in known or _never_began_again(run, known[run.id])]


def _never_began_again(run: FlowRun, known: WorkerRun) -> bool:
    return known.status is WorkerRunStatus.LOST and run.state is not None and run.state.is_pending()


def _known(flow_run_ids: list[UUID]) -> Mapping[UUID, WorkerRun]:
    with get_site().database.session() as session:
        return find_worker_runs(session, flow_run_ids)
