"""A run begins with one write to the Prefect API, where Prefect's own engine makes seven requests.

Prefect creates a run, looks for an earlier one in its place, names it, sets its state and reads it back; each request
costs the server 5 to 10 ms of a processor. A run that this process calls is new and starts at once: so it is created
under its name, with its tags, and running.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import FlowCreate, FlowRunCreate
from prefect.client.schemas.objects import Flow as FlowRecord
from prefect.client.schemas.objects import FlowRun, FlowRunPolicy, State, TaskRun
from prefect.context import FlowRunContext, TagsContext
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.flow_engine import AsyncFlowRunEngine
from prefect.states import Running, to_state_create
from prefect.tasks import Task

if TYPE_CHECKING:
    from flows.calling import CallableFlow

P = ParamSpec("P")
R = TypeVar("R")

_flow_ids: dict[tuple[str, str], UUID] = {}
"""By API URL and flow name: a flow's id never changes while the server keeps its database."""


class BegunEngine(AsyncFlowRunEngine[P, R]):
    """Prefect's engine for asynchronous flows, for runs that start as they are created."""

    has_begun = False

    async def create_flow_run(self, client: PrefectClient) -> FlowRun:
        """Create the run, running; as Prefect does it where that can't be."""
        context, given = FlowRunContext.get(), self.parameters
        if context is not None and (context.flow_run is None or context.flow_run.run_count > 1):
            return await super().create_flow_run(client)  # its parent runs again: the earlier run may be taken up
        flow = cast("CallableFlow[P, R]", self.flow)
        try:
            self._resolve_parameters()  # type: ignore[no-untyped-call]
            self._wait_for_dependencies()  # type: ignore[no-untyped-call]
            converted = flow.validate_parameters(self.parameters or {}) if flow.should_validate_parameters else None
        except Exception:
            self.parameters = given
            return await super().create_flow_run(client)  # it meets the same fault, and reports it
        self.parameters = self.parameters if converted is None else converted
        parent = None
        if context is not None:  # a task run stands for this run there, where Prefect draws the edges
            parent = await _stand_in(flow.name, flow.fn, flow.version).create_run(
                flow_run_context=context, parameters=dict(given or {}), wait_for=cast(Any, self.wait_for)
            )
        self.flow_run = await _created(client, flow, given or {}, self.parameters or {}, parent)
        self.has_begun = self._flow_run_name_set = True
        return self.flow_run

    async def begin_run(self) -> State[Any]:
        """Let the run begin, unless it has."""
        if not self.has_begun:
            return await super().begin_run()
        await self.call_hooks(self.state)
        return self.state

    @asynccontextmanager
    async def setup_run_context(self, client: PrefectClient | None = None) -> AsyncIterator[None]:
        """Prefect's context for the body; it reads the run, which was created a moment ago."""
        if client is None and self.has_begun and self.flow_run is not None:
            client = copy(self.client)
            client.read_flow_run = self._known  # type: ignore[method-assign]
            self.has_begun = False
        async with super().setup_run_context(client):
            yield

    async def _known(self, flow_run_id: UUID) -> FlowRun:
        assert self.flow_run is not None
        if flow_run_id != self.flow_run.id:
            return await self.client.read_flow_run(flow_run_id)
        return self.flow_run


@lru_cache(maxsize=64)
def _stand_in(name: str, function: Callable[..., Any], version: str | None) -> Task[..., Any]:
    """The task whose runs stand for a flow's runs in their parents; the same for all copies of the flow."""
    task = Task(name=name, fn=function, version=version)
    task._is_subflow_tracking_task = True  # type: ignore[attr-defined]
    return task


async def _created(
    client: PrefectClient,
    flow: CallableFlow[..., Any],
    shown: Mapping[str, Any],
    parameters: Mapping[str, Any],
    parent: TaskRun | None,
) -> FlowRun:
    key = (str(client.api_url), flow.name)
    was_known = key in _flow_ids
    create = FlowRunCreate(
        flow_id=await _flow_id(client, key),
        flow_version=flow.version,
        name=flow.name_of(parameters),
        parameters=flow.serialize_parameters(dict(shown)),
        tags=[*sorted(TagsContext.get().current_tags), *flow.tags_of(parameters)],
        parent_task_run_id=None if parent is None else parent.id,
        state=to_state_create(Running()),
        empirical_policy=FlowRunPolicy(retries=flow.retries, retry_delay=int(flow.retry_delay_seconds or 0)),
    )
    try:
        run = await _sent(client, create)
    except (ObjectNotFound, PrefectHTTPStatusError):
        if not was_known:
            raise
        _flow_ids.pop(key, None)  # another database answers at that URL by now
        create.flow_id = await _flow_id(client, key)
        run = await _sent(client, create)
    run.parameters = dict(parameters)
    return run


async def _flow_id(client: PrefectClient, key: tuple[str, str]) -> UUID:
    if key not in _flow_ids:
        response = await client.request("POST", "/flows/", json=FlowCreate(name=key[1]).model_dump(mode="json"))
        _flow_ids[key] = FlowRecord.model_validate(response.json()).id
    return _flow_ids[key]


async def _sent(client: PrefectClient, create: FlowRunCreate) -> FlowRun:
    response = await client.request("POST", "/flow_runs/", json=create.model_dump(mode="json", exclude_unset=True))
    return FlowRun.model_validate(response.json())
