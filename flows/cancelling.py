"""A flow that was called in this process hears when its run is cancelled in the UI or through the API.

A worker or runner watches its runs and ends their processes. Nobody watches a run of a script or notebook: so its state
is polled, and the run cancels itself.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled, Failed, exception_to_failed_state
from prefect.utilities.callables import call_with_parameters

from flows.begun_engine import BegunEngine
from interfaces import messages
from interfaces.access import RUNNER_VARIABLE
from interfaces.errors import ComponentFlowsError
from interfaces.secrets import without_secrets

P = ParamSpec("P")
R = TypeVar("R")

POLL_INTERVAL_S = 2.0
"""Seconds between two looks at the states of the runs; one request for all of them, about 5 ms of the server."""

_CANCELLED = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLING, StateType.CANCELLED]))


class WatchedRun:
    """A flow run of this process, while its body runs.

    Attributes:
        requested: Whether this very run was cancelled from elsewhere.
    """

    def __init__(self, flow_run_id: UUID, parent: WatchedRun | None) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # a coroutine runs in a task
        self.id, self.parent, self.loop, self.task = flow_run_id, parent, loop, task
        self.requested = False
        # Runs of one event loop share one poller: that of the outermost.
        shares = parent is not None and parent.loop is loop
        self.is_root = not shares
        self.siblings: dict[UUID, WatchedRun] = parent.siblings if parent is not None and shares else {}

    @property
    def cancelled(self) -> bool:
        """Whether this run, or one that it is part of, was cancelled from elsewhere."""
        return self.requested or (self.parent is not None and self.parent.cancelled)


_innermost: ContextVar[WatchedRun | None] = ContextVar("component_flows_watched_run", default=None)


class WatchedEngine(BegunEngine[P, R]):
    """Prefect's engine for asynchronous flows, which also ends a run that was cancelled from elsewhere."""

    watched: WatchedRun | None = None

    @property
    def cancelled_itself(self) -> bool:
        """Whether this very run was cancelled from elsewhere, and not as a part of another."""
        return self.watched is not None and self.watched.requested

    async def call_flow_fn(self) -> Any:
        """Run the body, and meanwhile watch the run's state."""
        assert self.flow_run is not None  # the engine has started
        async with _watching(self.flow_run.id) as self.watched:
            call: Any = call_with_parameters(self.flow.fn, self.parameters or {})
            result = await call
        await self.handle_success(result)
        return result

    async def handle_exception(self, exc: Exception, msg: str | None = None, result_store: Any = None) -> State[Any]:
        """Report a failure in the words for the user, under the name of its verdict."""
        if not isinstance(exc, ComponentFlowsError):
            return await super().handle_exception(exc, msg=msg, result_store=result_store)
        state: State[Any] = await exception_to_failed_state(exc, result_store=result_store, write_result=True)
        state.message, state.name = str(exc), state_name(exc)
        self._raised = exc
        return await self.set_state(state)

    async def set_state(self, state: State[Any], force: bool = False) -> State[Any]:
        """Tell the state, whose message may quote whatever broke the run off."""
        if state.message:
            state.message = without_secrets(state.message)
        return await super().set_state(state, force)

    async def handle_crash(self, exc: BaseException) -> None:
        """Report how the body was broken off."""
        if self.watched is not None and self.watched.cancelled and isinstance(exc, asyncio.CancelledError):
            await self.handle_cancellation(exc)
        else:
            await super().handle_crash(exc)


class Canceller:
    """Cancels the innermost flow run of this context, as a cancellation in the UI would; called from any thread.

    Attributes:
        called: Whether it was.
    """

    def __init__(self) -> None:
        self.called = False
        self._run = _innermost.get()
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()

    def __call__(self) -> None:
        """Cancel it; returns at once."""
        self.called = True
        with suppress(RuntimeError):  # its loop has just been closed: there is nothing left to cancel
            if self._run is not None:
                self._loop.call_soon_threadsafe(_cancel, self._run.siblings, [self._run.id])
            elif self._task is not None:
                self._loop.call_soon_threadsafe(self._task.cancel)

    def end_of(self, error: BaseException, broken: BaseException) -> State[Any] | None:
        """The state that a flow is to return which broke off in a process of a worker; None elsewhere.

        There it is Prefect's own engine that runs the flow. To it, a task that somebody cancels is a crash, and an
        exception's message is not for the user alone.

        Args:
            error: What broke the flow off.
            broken: What it would raise.
        """
        if self._run is not None or self._task is None:
            return None
        if self.called and isinstance(error, asyncio.CancelledError):
            self._task.uncancel()
            return Cancelled(message=messages.CANCELLED)
        if isinstance(broken, ComponentFlowsError):
            return Failed(message=str(broken), name=state_name(broken), data=broken)
        return None


def state_name(error: ComponentFlowsError) -> str:
    """What the state of a failed run is called: after the job's verdict, such as ``MemoryLimit``."""
    job = getattr(error, "job", None)
    kind = (job.verdict or {}).get("kind") if job is not None else None
    return "".join(part.capitalize() for part in str(kind).split("_")) if kind else "Failed"


@asynccontextmanager
async def _watching(flow_run_id: UUID) -> AsyncIterator[WatchedRun]:
    run = WatchedRun(flow_run_id, _innermost.get())
    run.siblings[run.id] = run
    token = _innermost.set(run)
    # Where this process belongs to a runner, that one watches the states of its runs.
    polls = run.is_root and RUNNER_VARIABLE not in os.environ
    poller = asyncio.create_task(_poll(run.siblings)) if polls else None
    try:
        yield run
    except Exception as error:
        if run.cancelled:  # whatever the body made of its cancellation
            raise asyncio.CancelledError from error
        raise
    finally:
        _innermost.reset(token)
        del run.siblings[run.id]
        if poller is not None:
            poller.cancel()
        if run.requested:
            run.task.uncancel()


async def _poll(runs: dict[UUID, WatchedRun]) -> None:
    async with get_client() as client:
        while True:
            await asyncio.sleep(POLL_INTERVAL_S)
            try:
                found = await client.read_flow_runs(
                    flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=list(runs)), state=_CANCELLED),
                    sort=FlowRunSort.ID_DESC,
                )
            except httpx.HTTPError:
                continue  # without an API nobody can cancel; the runs go on
            _cancel(runs, {one.id for one in found})


def _cancel(runs: dict[UUID, WatchedRun], ids: Iterable[UUID]) -> None:
    # In order of their start, so that a run is seen before its parts. A part ends with the whole: to cancel its task as
    # well would interrupt the `finally` blocks that are already running.
    for run in [one for one in runs.values() if one.id in set(ids)]:
        if not run.cancelled:
            run.requested = True
            run.task.cancel()
