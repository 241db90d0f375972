"""Wait for runs in work pools, however many they are: their ends are looked up together.

The database says how a run ended that came to its first line; only what never did is known by Prefect alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import httpx
from anyio.lowlevel import RunVar
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State
from sqlalchemy.exc import SQLAlchemyError

from flows.taking_up import take_up_lost_runs
from interfaces.database.worker_run_records import WorkerRun, WorkerRunStatus, find_worker_runs
from interfaces.deployments import Place
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks.in_thread import in_thread
from tasks.run_logging import run_logger

LOOK_S = 0.5
"""Between two looks at the database: one query for all runs."""

ASK_S = 5.0
"""Between two questions to Prefect, for the runs that have not begun."""

WARN_S = 60.0
"""After this time it is said that no worker has taken a run up."""

AT_ONCE = 200


@dataclass(frozen=True, kw_only=True)
class PlacedEnd:
    """How a run ended: with a job, or with an error before there was one."""

    job_id: UUID | None = None
    error: tuple[str, str] | None = None


async def end_of(flow_run_id: UUID, where: Place) -> PlacedEnd:
    """Wait for a run's end, also where it is taken up again by another machine.

    Args:
        flow_run_id: The run.
        where: Where it waits for a worker.
    """
    try:
        watch = _watch.get()
    except LookupError:
        watch = _Watch()
        _watch.set(watch)
    return await watch.end_of(flow_run_id, where)


@dataclass(kw_only=True)
class _Waiting:
    """A run that somebody waits for."""

    future: asyncio.Future[PlacedEnd]
    where: Place
    since: float
    is_told: bool = False


class _Watch:
    """The runs that one event loop waits for."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, _Waiting] = {}
        self._task: asyncio.Task[None] | None = None
        self._asked = 0.0
        self._looked_after = time.monotonic()

    async def end_of(self, flow_run_id: UUID, where: Place) -> PlacedEnd:
        future: asyncio.Future[PlacedEnd] = asyncio.get_running_loop().create_future()
        self._waiting[flow_run_id] = _Waiting(future=future, where=where, since=time.monotonic())
        if self._task is None:
            self._task = asyncio.create_task(self._look())
        try:
            return await future
        finally:
            self._waiting.pop(flow_run_id, None)

    async def _look(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(LOOK_S)
                try:
                    known = await in_thread(_known, list(self._waiting))
                except SQLAlchemyError as error:
                    run_logger().warning("The runs in work pools can't be looked up, and are again: %s", error)
                    continue
                for flow_run_id, run in known.items():
                    if run.status is WorkerRunStatus.ENDED:
                        self._tell(flow_run_id, PlacedEnd(job_id=run.job_id, error=run.error))
                if time.monotonic() - self._asked >= ASK_S:
                    self._asked = time.monotonic()
                    await self._ask([one for one in self._waiting if one not in known])
                if time.monotonic() - self._looked_after >= get_settings().lease_s:
                    self._looked_after = time.monotonic()
                    await self._look_after()
        finally:
            self._task = None

    async def _look_after(self) -> None:
        """Have run again what was lost before its first line: nobody but who waits may be there to notice."""
        try:
            await take_up_lost_runs()
        except (SQLAlchemyError, httpx.HTTPError) as error:
            run_logger().warning("Lost runs can't be looked for, and are again: %s", error)

    async def _ask(self, flow_run_ids: list[UUID]) -> None:
        """Look at those that have not begun, as far as the database says."""
        try:
            states = await _states(flow_run_ids)
        except httpx.HTTPError as error:
            run_logger().warning("Prefect can't be asked for the runs in work pools, and is again: %s", error)
            return
        for flow_run_id, state in states.items():
            if state is not None and state.is_final():
                # It may have begun and ended meanwhile: what the database says comes first.
                if flow_run_id in await in_thread(_known, [flow_run_id]):
                    continue
                kind = "Cancelled" if state.is_cancelled() else "NeverBegun"
                text = f"the run ended before its first line on a worker ({state.name}: {state.message}); see its log"
                self._tell(flow_run_id, PlacedEnd(error=(kind, text)))
            elif (waiting := self._waiting.get(flow_run_id)) is not None and not waiting.is_told:
                self._warn(waiting)

    def _warn(self, waiting: _Waiting) -> None:
        if time.monotonic() - waiting.since < WARN_S:
            return
        for one in self._waiting.values():
            one.is_told = one.is_told or one.where == waiting.where
        run_logger().warning(
            "No worker has taken up a run in the work pool '%s' (queue '%s') for %g s: is one started there, with "
            "'prefect worker start --pool %s', and has it room?",
            *(waiting.where.pool, waiting.where.queue, WARN_S, waiting.where.pool),
        )

    def _tell(self, flow_run_id: UUID, end: PlacedEnd) -> None:
        waiting = self._waiting.pop(flow_run_id, None)
        if waiting is not None and not waiting.future.done():
            waiting.future.set_result(end)


_watch: RunVar[_Watch] = RunVar("component_flows_placed_runs")


def _known(flow_run_ids: list[UUID]) -> Mapping[UUID, WorkerRun]:
    with get_site().database.session() as session:
        return find_worker_runs(session, flow_run_ids)


async def _states(flow_run_ids: list[UUID]) -> dict[UUID, State | None]:
    found: dict[UUID, State | None] = {}
    async with get_client() as client:
        for start in range(0, len(flow_run_ids), AT_ONCE):
            some = FlowRunFilter(id=FlowRunFilterId(any_=flow_run_ids[start : start + AT_ONCE]))
            found |= {run.id: run.state for run in await client.read_flow_runs(flow_run_filter=some, limit=AT_ONCE)}
    return found
