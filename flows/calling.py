"""Prefect flows with an asynchronous body that are called like functions, from wherever the caller is."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextvars import ContextVar
from copy import copy
from typing import Any, Literal, ParamSpec, Self, TypeVar, cast, overload

from anyio import to_thread
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext, TaskRunContext
from prefect.exceptions import CancelledRun
from prefect.flows import Flow
from prefect.runtime import flow_run
from prefect.settings import temporary_settings
from prefect.utilities.annotations import NotSet
from prefect.utilities.callables import get_call_parameters

from flows.blocking import run_to_end
from flows.cancelling import WatchedEngine
from flows.edges import begun_state, hand_on, upstream_of
from flows.given_secrets import hide_given_secrets
from flows.parameters import hidden, holds_reference, sealed, shortened, shown, unsealed
from flows.routine_log import leave_out_routine
from flows.run_names import typed_name
from flows.server import client_settings, ensure_server
from flows.server_settings import access_updates
from flows.worker_run import on_record

leave_out_routine()

P = ParamSpec("P")
R = TypeVar("R")

_tell_early: ContextVar[Callable[[Any], None]] = ContextVar("component_flows_tell_early")

HandsOn = Callable[[Any], Iterable[object]]
NamedBy = Callable[[Mapping[str, Any]], str]
TaggedBy = Callable[[Mapping[str, Any]], Iterable[str]]


def give_early(result: object) -> None:
    """Say, in a flow's body, what it is going to return: whoever waits for no more than that need not wait longer.

    Nothing that the body does afterwards may change it.
    """
    if tell := _tell_early.get(None):
        tell(result)


def component_flow(
    *,
    hands_on: HandsOn | None = None,
    named_by: NamedBy | None = None,
    tagged_by: TaggedBy | None = None,
    **options: Any,
) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], CallableFlow[P, R]]:
    """Make an asynchronous function a `CallableFlow`.

    Args:
        hands_on: Takes the result and gives the records in it, besides itself, that other sub-flows may take as inputs:
            the Prefect UI draws an edge from this run to each that does.
        named_by: Takes the parameters and gives the run's name, unless somebody named the run as they started it.
        tagged_by: Takes the parameters and gives the run's tags; asked once for each run that is called here.
        **options: Those of `prefect.flow`.

    Raises:
        TypeError: The function is not asynchronous.
    """

    def decorate(function: Callable[P, Coroutine[Any, Any, R]]) -> CallableFlow[P, R]:
        return CallableFlow(function, hands_on=hands_on, named_by=named_by, tagged_by=tagged_by, **options)

    return decorate


class CallableFlow(Flow[P, R]):
    """A Prefect flow whose body is asynchronous, and which is called without `await`.

    `run(...)` works in a script, in a notebook's cell, in a synchronous or asynchronous flow and in a task; inside a
    flow it becomes a sub-flow. It blocks until the result is there; `await run.aio(...)` does not. Each takes, besides
    the function's own arguments, `return_state=True`: a Prefect `State` in place of the result, and no exception.

    A local Prefect server is started where none is configured. Ctrl-C and SIGTERM cancel the body, whose `finally`
    blocks run to their end. So does a cancellation in the Prefect UI; the call raises `CancelledRun` of Prefect then.
    """

    def __init__(
        self,
        fn: Callable[P, Coroutine[Any, Any, R]],
        *,
        hands_on: HandsOn | None = None,
        named_by: NamedBy | None = None,
        tagged_by: TaggedBy | None = None,
        **options: Any,
    ) -> None:
        if not inspect.iscoroutinefunction(fn):
            raise TypeError(f"{getattr(fn, '__name__', fn)} must be an 'async def' function to be a component flow")
        if named_by is not None:
            # Where Prefect's own engine runs the flow, in a worker, it asks without parameters.
            options["flow_run_name"] = lambda: typed_name(flow_run.name) or named_by(flow_run.parameters)
        # Prefect looks at the function itself for where it is and which parameters it has.
        super().__init__(cast(Callable[P, R], inspect.unwrap(fn)), **options)
        self.fn = cast(Callable[P, R], on_record(inspect.unwrap(fn)))
        self._hands_on, self._named_by, self._tagged_by = hands_on, named_by, tagged_by
        self._upstream: tuple[object, ...] = ()
        self._tell: Callable[[R], None] | None = None

    # A checker refuses a keyword after `P.args` where it is defined, and understands it where it is called.
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    def __call__(self, *args: P.args, return_state: Literal[True], **kwargs: P.kwargs) -> State[R]: ...  # type: ignore[valid-type]
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the flow and wait for its result.

        Raises:
            ServiceUnavailable: No Prefect server can be reached or started.
            CancelledRun: The run was cancelled in the Prefect UI or through its API.
        """
        return run_to_end(lambda: self.aio(*args, **kwargs))

    @overload
    async def aio(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    async def aio(self, *args: P.args, return_state: Literal[True], **kwargs: P.kwargs) -> State[R]: ...  # type: ignore[valid-type]
    async def aio(self, *args: Any, **kwargs: Any) -> Any:
        """Run the flow; the asynchronous twin of a plain call, with the same arguments and errors."""
        return_state, wait_for = kwargs.pop("return_state", False), kwargs.pop("wait_for", None) or ()
        parameters = get_call_parameters(self.fn, args, kwargs)
        if FlowRunContext.get() is not None or TaskRunContext.get() is not None:
            return await self._run(parameters, wait_for, return_state)
        url = await to_thread.run_sync(ensure_server, abandon_on_cancel=True)
        with client_settings(url):
            return await self._run(parameters, wait_for, return_state)

    def after(self, *upstream: object) -> Self:
        """The same flow with edges, in the Prefect UI, from the sub-flows that handed on those records."""
        return self._changed(_upstream=(*self._upstream, *upstream))

    def unchecked(self) -> Self:
        """The same flow for parameters of this project's own making, which Prefect need not check and convert."""
        return self._changed(should_validate_parameters=False)

    def telling(self, tell: Callable[[R], None] | None) -> Self:
        """The same flow, which tells its result as soon as its body calls `give_early`, and not at the run's end."""
        return self._changed(_tell=tell)

    def with_options(self, **options: Any) -> Self:
        """The same flow with other options; see `prefect.flows.Flow.with_options`."""
        return self._changed(**super().with_options(**options).__dict__)

    def _changed(self, **attributes: Any) -> Self:
        other = copy(self)
        other.__dict__.update(attributes)
        return other

    def name_of(self, parameters: Mapping[str, Any]) -> str | None:
        """What a run with those parameters is called; None where Prefect makes a name up."""
        if self._named_by is not None:
            return self._named_by(parameters)
        return self.flow_run_name if isinstance(self.flow_run_name, str) else None

    def tags_of(self, parameters: Mapping[str, Any]) -> list[str]:
        """The tags of a new run with those parameters."""
        return sorted(self._tagged_by(parameters)) if self._tagged_by else []

    def serve(self, *args: Any, **kwargs: Any) -> None:
        """Serve runs of this flow from this process; see `prefect.flows.Flow.serve`."""
        with temporary_settings(access_updates(ensure_server())):
            super().serve(*args, **kwargs)

    def deploy(self, *args: Any, **kwargs: Any) -> Any:
        """Deploy this flow; see `prefect.flows.Flow.deploy`."""
        with temporary_settings(access_updates(ensure_server())):
            return super().deploy(*args, **kwargs)

    def serialize_parameters(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """The parameters as the Prefect API stores and shows them; long values are only named."""
        serialized = super().serialize_parameters(shown(parameters))
        return {name: shortened(value) for name, value in serialized.items()}

    def validate_parameters(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Check and convert the parameters by the function's annotations.

        A JSON value with the key `$ref`, as JSON Schemas have it, is taken as it is; Prefect would load a block for it.
        """
        hide_given_secrets(parameters)
        if not holds_reference(parameters):
            return super().validate_parameters(parameters)
        converted: dict[str, Any] = unsealed(super().validate_parameters(sealed(parameters)))
        return converted

    async def _run(self, parameters: dict[str, Any], wait_for: Iterable[Any], return_state: bool) -> Any:
        if not self.should_validate_parameters:
            hide_given_secrets(parameters)
        upstream = upstream_of([*parameters.values(), *self._upstream])
        engine = WatchedEngine[P, R](flow=self, parameters=hidden(parameters), wait_for=[*wait_for, *upstream])
        around, tell = FlowRunContext.get(), self._tell

        def tell_early(value: R) -> None:
            if tell is not None and engine.flow_run is not None:
                self._hand_on(value, begun_state(engine.flow_run), around)
                tell(value)

        told = _tell_early.set(tell_early)
        try:
            async with engine.start():
                while engine.is_running():
                    async with engine.run_context():
                        await engine.call_flow_fn()
        except asyncio.CancelledError as error:
            if not engine.cancelled_itself:
                raise
            if not return_state:
                raise CancelledRun(f"The run of the flow '{self.name}' was cancelled.") from error
        finally:
            _tell_early.reset(told)
        value = engine._return_value
        if value is NotSet or isinstance(value, State):
            return engine.state if return_state else await engine.result()
        self._hand_on(cast(R, value), engine.state, around)
        return engine.state if return_state else value

    def _hand_on(self, value: R, state: State[Any], to: FlowRunContext | None) -> None:
        hand_on([value, *(self._hands_on(value) if self._hands_on else ())], state, to)
