"""The same work asked for several times at once is done once: one runs, the others wait for it and take its outputs.

Who may run is decided by the database (`add_claimed`), so that it holds for several processes and machines. A run that
waits for another one has no job yet and holds nothing, so that none can wait in a circle.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from itertools import chain, repeat
from typing import Any
from uuid import UUID

from interfaces.cache_keys import Work
from interfaces.component import Component
from interfaces.database.component_records import find_components
from interfaces.database.interface_records import find_interfaces
from interfaces.database.work_records import AlreadyClaimed, Runner, add_claimed, drop_claim, runners
from interfaces.errors import InvalidInputs
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.site import get_site
from tasks.finish_job import finish_broken
from tasks.in_thread import in_thread, until_done
from tasks.misses import DID_NOT_RUN, REFRESHED, explained
from tasks.records import saved
from tasks.reuse import succeeded
from tasks.run_logging import run_logger
from tasks.validate_inputs import inputs_of, read_inputs

PAUSES_S = (0.1, 0.2, 0.4, 0.8)
"""Between two looks at a job that is waited for; the last one again and again. A look takes a few milliseconds."""

SLACK_S = 120.0
"""On top of a job's time limit, for fetching its image, a GPU, and taking its outputs."""


async def succeeded_or_begun(
    make: Callable[[], ComponentJob], given: Mapping[str, Any], *, refresh: bool
) -> ComponentJob:
    """A success of the same work, or a new job that is to be run now. Why it is run stands in its record and the log.

    Where another job does the same work just now, that one is waited for: before it begins as long as its process
    lives, then at most as long as its own time limit allows.

    Args:
        make: Gives a new job that is not stored.
        given: Its inputs, as people hand them in.
        refresh: Whether to run it whatever was run before.

    Returns:
        A job that has succeeded, or a stored one that is queued. Its inputs are in it, unless they are invalid: the run
        will say so.
    """
    job, component = await in_thread(_with_inputs, make, given)
    if refresh or not job.cache_key:
        return _told(await _to_its_end(saved, job.changed(why=REFRESHED if refresh else "")))
    wait = _Wait()
    for pause_s in chain(PAUSES_S, repeat(PAUSES_S[-1])):
        found = await _to_its_end(_looked, job, component, wait)
        if found is not None:
            return _told(found)
        await asyncio.sleep(pause_s)
    raise AssertionError("it is looked again and again")


def _with_inputs(make: Callable[[], ComponentJob], given: Mapping[str, Any]) -> tuple[ComponentJob, Component]:
    """A new job with its inputs and its key, or without either where they are invalid."""
    job = make()
    with get_site().database.session() as session:
        component = find_components(session, [job.component])[job.component]
        interfaces = find_interfaces(session, component.input_slugs)
    try:
        inputs, outputs = inputs_of(component, interfaces, given)
        job = job.changed(inputs=read_inputs(interfaces, inputs), output_slugs=outputs)
    except InvalidInputs:
        return job, component
    return job.changed(cache_key=Work.of(job, component).key), component


class _Wait:
    """How long the runs of other jobs were waited for."""

    def __init__(self) -> None:
        self._since: dict[tuple[UUID, int], float] = {}
        self._told: set[UUID] = set()

    def is_over(self, other: Runner) -> bool:
        """Whether that job runs longer than it may; each of its attempts counts for itself."""
        if not other.is_started:
            return False
        since = self._since.setdefault((other.lease.job_id, other.attempt), time.monotonic())
        return time.monotonic() - since > other.time_limit_s + SLACK_S

    def tell(self, component: str, other: Runner) -> None:
        """Say once that a job is waited for."""
        if other.lease.job_id not in self._told:
            self._told.add(other.lease.job_id)
            run_logger().info("%s waits for the job %s, which does the same work", component, other.lease.job_id)


def _looked(job: ComponentJob, component: Component, wait: _Wait) -> ComponentJob | None:
    """A success of that work, or the job itself if it is the one to run, stored; None while another one runs."""
    with get_site().database.session() as session:
        if earlier := succeeded(session, [job.cache_key]).get(job.cache_key):
            return earlier
        others = runners(session, job.cache_key)
        for dead in (one for one in others if one.is_claimed and one.lease.is_over()):
            drop_claim(session, dead.lease)
        alive = [one for one in others if not one.lease.is_over()]
        why = "" if alive else explained(session, component, [Work.of(job, component)])[job.cache_key]
    if not alive:
        return _claimed(job.changed(why=why))
    if wait.is_over(alive[0]):
        return saved(job.changed(why=f"the job {alive[0].lease.job_id} does the same work, but takes too long"))
    wait.tell(component.slug, alive[0])
    return None


def _claimed(job: ComponentJob) -> ComponentJob | None:
    """The job, stored as the one that the others wait for; None where one is or has succeeded meanwhile."""
    try:
        with get_site().database.session() as session:
            add_claimed(session, job)
            if succeeded(session, [job.cache_key]):
                raise AlreadyClaimed  # and has just ended; nothing of this is committed
    except AlreadyClaimed:
        return None
    return job


async def _to_its_end(step: Callable[..., ComponentJob | None], *args: Any) -> Any:
    """Call a step that may store a job; a cancellation meanwhile ends that job, which nobody else would."""
    running = asyncio.ensure_future(in_thread(step, *args))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError as cancelled:
        await until_done(running)
        job = None if running.cancelled() or running.exception() else running.result()
        if job is not None and not job.status.is_final:
            await finish_broken(job, cancelled)
        raise


def _told(job: ComponentJob) -> ComponentJob:
    if job.status is JobStatus.SUCCESS:
        run_logger().info(DID_NOT_RUN, job.component, job.id)
    elif job.why:
        run_logger().info("%s ran: %s", job.component, job.why)
    return job
