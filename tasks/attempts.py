"""Faults of our own side are tried again, a component's never are.

The engine can be restarted or out of reach for a while. What a container had finished by then is taken; what it had not
is run again, as a further attempt of the same job.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from interfaces.containers.engine_errors import is_transient
from interfaces.engine import get_engine
from interfaces.errors import EngineError, RunnerLost
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.site import get_site
from interfaces.storage.job_folder import JobFolder
from tasks.adopt import adopted
from tasks.begun import begun
from tasks.collect_outputs import collect_outputs
from tasks.deprovision import deprovisioned
from tasks.execute import execute
from tasks.in_thread import in_thread
from tasks.records import reread, saved
from tasks.run_logging import run_logger

BACK_OFF_S = (2.0, 10.0, 30.0)
"""Seconds before each further attempt. An engine that is away during a run is waited for besides, for a minute."""


async def run_container(job: ComponentJob) -> ComponentJob:
    """Execute, in as many attempts as our own faults make necessary.

    Returns:
        The executed job.

    Raises:
        ComponentException: The component failed.
        EngineError: The engine refused, or broke off in every attempt.
    """

    async def attempt(job: ComponentJob) -> ComponentJob:
        executed: ComponentJob = job if job.status is JobStatus.EXECUTED else await begun(execute, job)
        return executed

    return await _again_and_again(job, attempt, _recovered, "Attempt {0.attempt} broke off, and is made again")


async def take_outputs(job: ComponentJob) -> ComponentJob:
    """Collect the outputs, again where the engine was away: what a container has finished is not run twice.

    Raises:
        ComponentException: An output is missing or invalid.
        EngineError: The engine broke off every time.
    """
    return await _again_and_again(
        job, partial(begun, collect_outputs), _taken_anew, "The outputs could not be read, and are"
    )


async def _again_and_again(
    job: ComponentJob,
    attempt: Callable[[ComponentJob], Awaitable[ComponentJob]],
    mend: Callable[[ComponentJob], Awaitable[ComponentJob]],
    told: str,
) -> ComponentJob:
    for pause_s in BACK_OFF_S:
        try:
            return await attempt(job)
        except EngineError as error:
            if not is_transient(error):
                raise
            run_logger().warning("%s in %g s: %s", told.format(job), pause_s, error)
            await asyncio.sleep(pause_s)
            job = await mend(job)
    return await attempt(job)


async def _recovered(job: ComponentJob) -> ComponentJob:
    try:
        return await in_thread(recovered, job)
    except EngineError as error:
        if not is_transient(error):
            raise
        return await in_thread(reread, job)  # the engine is still away; the next attempt will tell


def recovered(job: ComponentJob) -> ComponentJob:
    """A job that broke off, either executed after all or ready for a further attempt.

    Raises:
        ComponentException: Its container had failed meanwhile.
        EngineError: The engine is still away.
    """
    job, engine = reread(job), get_engine()
    if job.status is JobStatus.EXECUTING:
        try:
            return adopted(get_site(), engine, job)
        except RunnerLost:
            pass
    deprovisioned(job, engine)
    return saved(job.next_attempt())


async def _taken_anew(job: ComponentJob) -> ComponentJob:
    job = await in_thread(reread, job)
    await in_thread(JobFolder.of(get_site(), job.id).renew_taken)
    return job
