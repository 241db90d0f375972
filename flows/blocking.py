"""Call asynchronous code from synchronous code, wherever that runs: a script, a notebook's cell, a flow, a task."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent import futures
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Generic, NoReturn, TypeVar

T = TypeVar("T")

STEP_S = 0.2
"""Seconds after which a waiting thread looks around; a result wakes it at once."""


def run_to_end(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in an event loop and a thread of its own, and wait for its result.

    The thread sees the caller's context variables. It is always another thread, also where no event loop runs in this
    one: so a signal breaks off the wait, and never the coroutine between any two of its bytecodes.

    What breaks off the wait (Ctrl-C, SIGTERM, a time limit of a surrounding flow) cancels the coroutine, waits until
    its `finally` blocks have run, and is raised then. A second one does not wait.

    Args:
        make: Makes the coroutine; called in the new thread.

    Raises:
        SystemExit: SIGTERM arrived and nobody else handles it; with code 143, as a shell would report it.
    """
    call = _Call(make)
    call.start()
    with _sigterm_as_exit():
        try:
            return call.get()
        except BaseException:
            if not call.result.done():
                call.cancel()
                call.wait()
            raise


class _Call(Generic[T]):
    def __init__(self, make: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self.result: Future[T] = Future()
        self._make = make
        self._started = threading.Event()
        self._task: asyncio.Task[Any] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        context = contextvars.copy_context()
        # A daemon: an abandoned call must not keep the interpreter from its end.
        threading.Thread(target=context.run, args=(self._run,), name="component-flows call", daemon=True).start()

    def cancel(self) -> None:
        self._started.wait()
        with suppress(RuntimeError):  # it has just ended, and closed its loop
            if self._loop is not None and self._task is not None:
                self._loop.call_soon_threadsafe(self._task.cancel)

    def get(self) -> T:
        """The result, once it is there.

        Raises:
            asyncio.CancelledError: The task of this thread's own event loop was cancelled meanwhile. asyncio.run makes
                the first Ctrl-C such a cancellation, which a task that is blocked here would never notice.
        """
        self.wait(_current_task())
        return self.result.result()

    def wait(self, outer: asyncio.Task[Any] | None = None) -> None:
        """Wait until there is a result, or the outer task is cancelled."""
        requests = outer.cancelling() if outer is not None else 0
        # In steps also without an outer task: Prefect leaves a time limit in a thread, as an exception, for its next
        # bytecode.
        while not futures.wait([self.result], timeout=STEP_S).done:
            if outer is not None and outer.cancelling() > requests:
                raise asyncio.CancelledError

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                value = runner.run(self._main())
        except BaseException as error:
            self.result.set_exception(error)
        else:
            self.result.set_result(value)
        finally:
            self._started.set()

    async def _main(self) -> T:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._started.set()
        return await self._make()


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


@contextmanager
def _sigterm_as_exit() -> Iterator[None]:
    """Turn SIGTERM into SystemExit where it would end the process on the spot; other handlers are left alone."""
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
