"""What keeps a site clean after a crash: jobs brought to their end, leftovers removed, what follows jobs run."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import httpx
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Completed, Crashed, Failed
from pydantic import BaseModel, ConfigDict

from flows.calling import component_flow
from flows.cancelling import state_name
from flows.taking_up import take_up_lost_runs
from interfaces.database.follow_up_records import FollowUp, FollowUpStatus, claim, complete, unfinished_follow_ups
from interfaces.database.lease_records import leases
from interfaces.errors import ChainFailed, ComponentException
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.owners import Owner
from interfaces.site import get_site
from tasks.chain import has_begun, run_claimed
from tasks.in_thread import in_thread
from tasks.reap import reaped
from tasks.run_logging import run_logger


class Reaping(BaseModel):
    """What a reaping did.

    Attributes:
        jobs: Ids of the jobs that were brought to their end, with their final status.
        containers: Names of containers that were removed.
        volumes: Names of volumes that were removed.
        folders: Folders and files that were removed.
        followed: Ids of the jobs after which was run what follows them.
        taken_up: Ids of flow runs that workers will run again, since the machines that ran them died.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    jobs: dict[str, str] = {}
    containers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    followed: tuple[str, ...] = ()
    taken_up: tuple[str, ...] = ()


@component_flow(name="reap", flow_run_name="reap")
async def reap() -> Reaping:
    """Bring jobs to their end whose processes died, remove what they left, and run what follows them.

    What a worker had taken up on a machine that died is scheduled anew, for any worker to take up.

    Jobs that run are left alone, also those of other processes and machines. Doing it again changes nothing.

    Raises:
        EngineUnavailable: No container engine answers.
    """
    done = await in_thread(reaped)
    await mirror(done.jobs)
    taken_up = await take_up_lost_runs()
    return Reaping(
        jobs={str(job.id): job.status.label for job in done.jobs},
        containers=done.swept.containers,
        volumes=done.swept.volumes,
        folders=tuple(map(str, done.swept.folders)),
        followed=tuple([str(job_id) for job_id in await run_left_follow_ups()]),
        taken_up=tuple(map(str, taken_up)),
    )


areap = reap.aio
"""The async twin of `reap`."""


async def mirror(jobs: Iterable[ComponentJob]) -> None:
    """Show the end of jobs in the Prefect runs whose processes could not."""
    async with get_client() as client:
        for job in jobs:
            if job.flow_run_id is None:
                continue
            try:
                run = await client.read_flow_run(job.flow_run_id)
                if run.state is None or not run.state.is_final() or run.state.is_crashed():
                    await client.set_flow_run_state(job.flow_run_id, _state_of(job), force=True)
            except (httpx.HTTPError, ObjectNotFound) as error:
                run_logger().warning("The flow run of the job %s could not be brought to its end: %s", job.id, error)


def _state_of(job: ComponentJob) -> State[None]:
    if job.status is JobStatus.SUCCESS:
        return Completed(message="The process that ran it went away; its outputs were taken all the same.")
    if job.status is JobStatus.CANCELLED:
        return Cancelled(message=job.error_message)
    name = state_name(ComponentException(job.error_message, job=job))
    make = Crashed if name == "RunnerLost" else Failed
    return make(message=job.error_message, name=name)


async def run_left_follow_ups() -> list[UUID]:
    """Run what follows jobs that have ended, where nobody has run it or will.

    Returns:
        The jobs after which something was run.
    """
    ran = []
    for follow_up in await in_thread(left_follow_ups):
        if follow_up.status is FollowUpStatus.RUNNING and await has_begun(follow_up.job_id):
            await in_thread(_interrupted, follow_up)
        elif await in_thread(_claimed, follow_up):
            ran.append(follow_up.job_id)
            try:
                await _follow_once(follow_up)
            except ChainFailed as error:
                run_logger().error("After the job %s: %s", follow_up.job_id, error)
    return ran


def left_follow_ups() -> list[FollowUp]:
    """What is still to be run after jobs, and is nobody's who lives."""
    with get_site().database.session() as session:
        held = {lease.job_id for lease in leases(session) if not lease.is_over()}
        return [one for one in unfinished_follow_ups(session) if one.job_id not in held and not _lives(one)]


def _lives(follow_up: FollowUp) -> bool:
    owner = Owner.from_text(follow_up.owner)
    # Where that can't be known, it is not run a second time.
    return owner is not None and owner.is_alive() is not False


def _claimed(follow_up: FollowUp) -> bool:
    with get_site().database.session() as session:
        return claim(session, follow_up)


def _interrupted(follow_up: FollowUp) -> None:
    if _claimed(follow_up):
        with get_site().database.session() as session:
            message = "the process that ran it went away; see its flow run"
            complete(session, follow_up.job_id, FollowUpStatus.INTERRUPTED, message)


@task(name="chain", task_run_name="chain", cache_policy=NO_CACHE)
async def _follow_once(follow_up: FollowUp) -> None:
    await run_claimed(follow_up)
