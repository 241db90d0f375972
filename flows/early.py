"""The result of a run as soon as it is known, while what follows it in the run goes on beside the caller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any, TypeVar

from tasks.in_thread import until_done
from tasks.run_logging import run_logger

R = TypeVar("R")

ENDING_PATIENCE_S = 10.0
"""How long runs whose results are there may go on where what they are a part of is broken off."""


async def first_known(
    run: Callable[[Callable[[R], None]], Coroutine[Any, Any, R]],
) -> tuple[R, asyncio.Task[R] | None]:
    """Begin a run, and wait until its result is known.

    Args:
        run: Makes it; takes what it is to tell its result to, once, as soon as that is known.

    Returns:
        The result, and the run itself where that has not ended: whoever asks sees to its end.

    Raises:
        BaseException: What the run raised before its result was known.
    """
    known: asyncio.Future[R] = asyncio.get_running_loop().create_future()
    running = asyncio.ensure_future(run(known.set_result))
    try:
        await asyncio.wait([known, running], return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        running.cancel()
        await until_done(running)  # its own `finally` blocks
        if not running.cancelled():
            running.exception()  # taken, so that nobody is told of it twice
        raise
    if known.done() and not running.done():
        return known.result(), running
    return await running, None


async def end_soon(runs: Collection[asyncio.Task[Any]]) -> None:
    """Give runs whose results are known some seconds to come to their ends, and then cancel them."""
    if runs:
        await asyncio.wait(runs, timeout=ENDING_PATIENCE_S)
        for one in runs:
            one.cancel()
        await asyncio.gather(*runs, return_exceptions=True)


def log_failure(run: asyncio.Task[Any]) -> None:
    """Say what a run that has ended ran into after its result was known; that changes no result."""
    if not run.cancelled() and (error := run.exception()) is not None:
        run_logger().error("A run whose result was there did not come to its end: %s", error, exc_info=error)
