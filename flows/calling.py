"""Flows with an async body that can be called plainly from anywhere, and that draw their own edges.

Prefect finds the edges of a graph by identity: it searches all parameters, at any depth, for objects that are a field of
some earlier result. A field that many results share (a status, an empty text, an interface) then draws edges that are not
there, and what lies deeper in a result (``job.outputs["mask"]``) draws none. So the flows here hide their parameters from
that search and look for handed-on objects themselves: those that an earlier result named with `hands_on`.
"""

from __future__ import annotations

import asyncio
import contextvars
import weakref
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import Future
from threading import Thread
from typing import Any, Generic, ParamSpec, Self, TypeVar, cast

import orjson
from prefect import Flow
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.flow_engine import run_flow_async
from prefect.utilities.annotations import quote
from prefect.utilities.callables import get_call_parameters

from flows.server import ensure_server
from flows.server_settings import client_settings

P = ParamSpec("P")
R = TypeVar("R")

SHOWN_BYTES = 64 * 1024
"""Longest parameter that is shown in the Prefect UI; Prefect refuses more than 512 KiB for all of a run's."""

_handed_on: dict[tuple[int, Any], tuple[weakref.ref[Any], State[Any]]] = {}
"""By the object's identity and the flow run that it was made in: the state of the run that gave it."""


class CallableFlow(Flow[P, R], Generic[P, R]):
    """A Prefect flow over an async function.

    A plain call runs it to its end and gives its result, from a script, a notebook (a running event loop), and inside sync
    and async flows and tasks. `aio` is the async twin.
    """

    hands_on: Callable[[R], Iterable[Any]] | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:  # type: ignore[override]
        """Run the flow to its end; ``return_state`` and ``wait_for`` are taken as by any Prefect flow.

        Raises:
            ServiceUnavailable: No Prefect server answers and none could be started.
        """
        with client_settings(ensure_server()):
            return _run_to_end(lambda: self._run(args, kwargs))

    async def aio(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the flow in the running event loop."""
        url = await asyncio.to_thread(ensure_server)
        with client_settings(url):
            return await self._run(args, kwargs)

    async def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        return_state = bool(kwargs.pop("return_state", False))
        wait_for = list(cast(Iterable[Any], kwargs.pop("wait_for", None) or ()))
        parameters = get_call_parameters(self.fn, args, kwargs)
        parent = FlowRunContext.get()
        run_id = parent.flow_run.id if parent is not None and parent.flow_run is not None else None
        sources = [*wait_for, *_sources(parameters, run_id)]
        state = await run_flow_async(
            flow=self,
            parameters={name: quote(value) for name, value in parameters.items()},
            wait_for=sources or None,
            return_type="state",
        )
        result = cast(Any, state.aresult(raise_on_failure=False))
        result = await result if asyncio.iscoroutine(result) else result
        if not isinstance(result, BaseException):
            self._remember(result, state, run_id)
        if return_state:
            return cast(R, state)
        if isinstance(result, BaseException):
            raise result
        return cast(R, result)

    def _remember(self, result: R, state: State[Any], run_id: Any) -> None:
        for one in (result, *(self.hands_on(result) if self.hands_on else ())):
            key = (id(one), run_id)
            try:
                # Gone with the object, so that its identity can't come to mean another.
                reference = weakref.ref(one, lambda _, key=key: _handed_on.pop(key, None))  # type: ignore[misc]
            except TypeError:
                continue
            _handed_on[key] = (reference, state)

    def serialize_parameters(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """What the Prefect UI shows of the parameters; long ones are only named, since values live in the site's store."""
        plain = {name: value.unwrap() if isinstance(value, quote) else value for name, value in parameters.items()}
        return {name: _shown(value) for name, value in super().serialize_parameters(plain).items()}

    def with_options(self, **options: Any) -> Self:  # type: ignore[override]
        """The same flow with other options."""
        other = super().with_options(**options)
        other.__class__ = type(self)
        other.hands_on = self.hands_on  # type: ignore[attr-defined]
        return cast(Self, other)


def component_flow(
    *, hands_on: Callable[[Any], Iterable[Any]] | None = None, **options: Any
) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], CallableFlow[P, R]]:
    """Make a `CallableFlow` of an async function.

    Args:
        hands_on: Gives the objects of a result that, handed to a later flow, are an edge of the graph; the result itself
            always is.
        options: Those of Prefect's ``@flow``.
    """

    def make(function: Callable[P, Coroutine[Any, Any, R]]) -> CallableFlow[P, R]:
        made = CallableFlow(cast(Callable[P, R], function), **options)
        made.hands_on = hands_on
        return made

    return make


def _sources(parameters: Mapping[str, Any], run_id: Any) -> Iterator[State[Any]]:
    """The states of the runs that gave the objects in the parameters, in dicts, lists and tuples too, each once."""
    seen: set[int] = set()
    todo: list[Any] = list(parameters.values())
    while todo:
        one = todo.pop()
        found = _handed_on.get((id(one), run_id))
        if found is not None and found[0]() is one:
            if id(found[1]) not in seen:
                seen.add(id(found[1]))
                yield found[1]
        elif isinstance(one, Mapping):
            todo.extend(one.values())
        elif isinstance(one, list | tuple) and len(one) <= 10_000:
            todo.extend(one)


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shown(one) for key, one in value.items()}
    size = len(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))
    return value if size <= SHOWN_BYTES else f"<{type(value).__name__} of {size} bytes>"


def _run_to_end(start: Callable[[], Coroutine[Any, Any, R]]) -> R:
    """Run a coroutine to its end from a thread with or without a running event loop."""

    async def run() -> R:
        return await start()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(run())
    return _run_in_thread(run)


def _run_in_thread(run: Callable[[], Coroutine[Any, Any, R]]) -> R:
    done: Future[R] = Future()
    cancel: list[Callable[[], object]] = []

    async def body() -> R:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # we are in one
        cancel.append(lambda: loop.call_soon_threadsafe(task.cancel))
        return await run()

    def work() -> None:
        try:
            done.set_result(asyncio.run(body()))
        except BaseException as error:
            done.set_exception(error)

    thread = Thread(target=contextvars.copy_context().run, args=(work,), name="component-flow")
    thread.start()
    try:
        return done.result()
    except KeyboardInterrupt:
        # The work's own `finally` blocks come first: they stop its containers.
        for one in cancel:
            one()
        thread.join()
        raise
