"""Wait until the machine has room for a job, and hold its share of it.

The queue is in the database, so that all processes of a site keep to it. Whoever gives up a share lets the next ones
in, whosever they are; those of its own process it wakes at once, those of others look.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import lru_cache
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from interfaces.admission import GB, Capacity, Share, to_admit
from interfaces.containers.protocol import ContainerEngine
from interfaces.database.admission_records import abandoned, enter, is_admitted, leave, tickets
from interfaces.engine import get_engine
from interfaces.errors import DefinitionError, EngineError
from interfaces.jobs import ComponentJob
from interfaces.settings import Settings, get_settings
from interfaces.site import get_site
from tasks.in_thread import in_thread
from tasks.naming import JOB_LABEL
from tasks.run_logging import run_logger

LOOK_S = 0.5
"""Between two looks of a job that waits: two short queries."""

TOLD_AFTER_LOOKS = 4
"""Whoever waits no longer than this, as each node of a graph may, says nothing of it."""

_GONE = frozenset({"exited", "dead", "removing"})

_waiting: dict[UUID, tuple[asyncio.AbstractEventLoop, asyncio.Event]] = {}


def machine_capacity() -> Capacity:
    """What the jobs of this engine's machine have together; asked once, since a machine stays what it is.

    Raises:
        EngineUnavailable: No container engine answers.
    """
    return _capacity(get_engine(), get_settings())  # type: ignore[arg-type]  # a protocol does not say that it can be hashed


@lru_cache(maxsize=4)
def _capacity(engine: ContainerEngine, settings: Settings) -> Capacity:
    return Capacity.of(engine.info(), settings)


def check_capacity(*, memory_gb: float) -> None:
    """Refuse a job that could never start.

    Raises:
        DefinitionError: This machine does not have as much memory.
    """
    capacity = machine_capacity()
    if why := capacity.why_never(capacity.share(memory_gb=memory_gb)):
        raise DefinitionError(why, key="memory_gb")


@asynccontextmanager
async def admitted(job: ComponentJob) -> AsyncIterator[None]:
    """Hold a job's share of the machine; waits until there is room, which a cancellation breaks off.

    Args:
        job: A stored job that this process holds the lease of.
    """
    capacity = await in_thread(machine_capacity)
    share = capacity.share(memory_gb=job.requires_memory_gb, gpu_type=job.requires_gpu_type)
    event = asyncio.Event()
    _waiting[job.id] = (asyncio.get_running_loop(), event)
    try:
        _wake(started := await in_thread(_enter, job.id, share, capacity))
        if job.id not in started:
            await _wait(job, share, event, capacity)
        _waiting.pop(job.id, None)
        yield
    finally:
        _waiting.pop(job.id, None)
        _leave([job.id], capacity)


def _enter(job_id: UUID, share: Share, capacity: Capacity) -> set[UUID]:
    with get_site().database.session() as session:
        return enter(session, job_id, share, capacity)


async def _wait(job: ComponentJob, share: Share, event: asyncio.Event, capacity: Capacity) -> None:
    looks = 0
    while not event.is_set():
        try:
            await asyncio.wait_for(event.wait(), LOOK_S)
        except TimeoutError:
            if await in_thread(_look, job.id, capacity):
                return
            looks += 1
            if looks == TOLD_AFTER_LOOKS:
                _tell_what_is_missing(share)


def _tell_what_is_missing(share: Share) -> None:
    what = [f"{share.memory_bytes / GB:g} GB of memory", f"{share.cpus:g} CPU"]
    what += [f"a GPU of type {share.gpu_type}"] if share.gpu_type else []
    run_logger().info("Waiting for %s: the machine is in use by other jobs", ", ".join(what))


def _look(job_id: UUID, capacity: Capacity) -> bool:
    """Whether the job may start; takes what crashed processes hold out of the way."""
    site = get_site()
    try:
        with site.database.session() as session:
            if is_admitted(session, job_id):
                return True
            left = abandoned(session, capacity.machine)
            # Who went away without letting others in: a reaper, or a process that died between two steps.
            has_room = bool(to_admit(capacity, tickets(session, capacity.machine)))
    except SQLAlchemyError as error:
        run_logger().warning("Whether the machine has room could not be looked up, and is again: %s", error)
        return False
    over = [one.job_id for one in left if not one.may_run or not _runs(one.job_id)]
    if over or has_room:
        _leave(over, capacity)
    return False


def _runs(job_id: UUID) -> bool:
    """Whether the container of a job whose process died still uses the machine."""
    try:
        containers = get_engine().leftovers({JOB_LABEL: str(job_id)}).containers
    except EngineError:
        return True  # nothing is known; look again
    return any(one.state not in _GONE for one in containers)


def _leave(job_ids: Iterable[UUID], capacity: Capacity) -> None:
    try:
        with get_site().database.session() as session:
            started = leave(session, list(job_ids), capacity)
    except SQLAlchemyError as error:
        # The row is abandoned once the job's lease is given up, and whoever waits finds it then.
        run_logger().warning("A share of the machine could not be given back at once: %s", error)
        return
    _wake(started)


def _wake(job_ids: Iterable[UUID]) -> None:
    for job_id in job_ids:
        if found := _waiting.pop(job_id, None):
            loop, event = found
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # its loop is closed; its own `finally` has run, or never will
                continue
