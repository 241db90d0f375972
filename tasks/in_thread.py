"""Blocking work beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from interfaces.errors import ComponentFlowsError
from interfaces.secrets import without_secrets

P = ParamSpec("P")
R = TypeVar("R")

MAX_THREADS = 128
"""A job holds one thread while its container runs; asyncio's own default (cores + 4) would bound the jobs."""

_limiter: RunVar[CapacityLimiter] = RunVar("component_flows_limiter")


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a blocking function in a thread; a cancellation waits until it has returned."""
    try:
        limiter = _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(MAX_THREADS)
        _limiter.set(limiter)
    return await to_thread.run_sync(partial(_told, function, *args, **kwargs), limiter=limiter)


async def until_done(running: asyncio.Future[Any]) -> None:
    """Wait until something has come to its end, however often this wait is cancelled; raises nothing of either."""
    while not running.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([running])


def _told(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call it; an error whose text has secrets in it, such as a driver's that quotes a URL, goes no further.

    Prefect would show it as the message of a run's state.
    """
    try:
        return function(*args, **kwargs)
    except Exception as error:
        text = str(error)
        if (clean := without_secrets(text)) == text:
            raise
        raise ComponentFlowsError(f"{type(error).__name__}: {clean}") from None
