"""Waiting for a container's end, and bringing it about: time limit, stop signal, SIGTERM, grace, SIGKILL."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from dataclasses import dataclass
from typing import Protocol

from interfaces.containers.records import DiskExcess, StopSignal
from interfaces.errors import EngineError

_EARLY_S = 2.0
_EARLY_INTERVAL_S = 0.1
_LATER_INTERVAL_S = 1.0

_STOP_CHECK_S = 0.1
"""How often the caller's stop signal is looked at: it is any object with ``is_set``, so nothing can wake us."""

_KILL_PATIENCE_S = 10.0
_KILL_ATTEMPTS = 3


class WakeUp:
    """Ends another thread's ``poll``; a context manager."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._lock = threading.Lock()

    def __enter__(self) -> WakeUp:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            os.close(self._read)
            os.close(self._write)
            self._write = -1

    def set(self) -> None:
        """Wake the waiting thread; nothing happens once it is gone."""
        with self._lock, contextlib.suppress(BlockingIOError):
            if self._write >= 0:
                os.write(self._write, b"x")

    def fileno(self) -> int:
        """What to poll."""
        return self._read

    def clear(self) -> None:
        """Take note."""
        os.read(self._read, 4096)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Why a container was stopped; neither where it ended by itself."""

    timed_out: bool = False
    stopped: bool = False
    disk_excess: DiskExcess | None = None


class Watched(Protocol):
    """A running container, as far as waiting for its end goes."""

    def ended(self) -> bool:
        """Whether the engine has reported its end (or that it can't)."""

    def failed(self) -> bool:
        """Whether the run can't go on for a reason of our own."""

    def look(self, *, final: bool) -> None:
        """Read its counters."""

    def disk_excess(self) -> DiskExcess | None:
        """Why it is to be stopped for what is on the disk, or None."""

    def kill(self, signal: str) -> bool:
        """Send a signal; False where it was already gone."""


def wait_for_end(
    watched: Watched,
    wake_up: WakeUp,
    *,
    pid: int | None,
    time_limit_s: float,
    grace_s: float,
    stop: StopSignal,
) -> Ending:
    """Wait until a container has ended, by itself or by us.

    Args:
        watched: The container.
        wake_up: Is set when `watched.ended()` or `watched.failed()` turns true.
        pid: The number of its first process on this machine, or None. With it, the counters are read in the moment of
            its end, some milliseconds before the engine removes them.
        time_limit_s: From now.
        grace_s: Between SIGTERM and SIGKILL.
        stop: Stops it early.

    Raises:
        EngineError: The engine did not end it in spite of repeated SIGKILL.
    """
    process = _process_end(pid)
    try:
        return _Supervisor(watched, wake_up, process, grace_s=grace_s).wait(time_limit_s=time_limit_s, stop=stop)
    finally:
        if process is not None:
            os.close(process)


class _Supervisor:
    """The state of one wait."""

    def __init__(self, watched: Watched, wake_up: WakeUp, process: int | None, *, grace_s: float) -> None:
        self._watched, self._wake_up, self._process, self._grace_s = watched, wake_up, process, grace_s
        self._poll = select.poll()
        self._poll.register(wake_up.fileno(), select.POLLIN)
        if process is not None:
            self._poll.register(process, select.POLLIN)
        self._ending = Ending()
        self._stopping = False
        self._kill_at = float("inf")
        self._kills = 0

    def wait(self, *, time_limit_s: float, stop: StopSignal) -> Ending:
        start = next_look = time.monotonic()
        deadline = start + time_limit_s
        alive = True
        while not self._watched.ended():
            now = time.monotonic()
            if not self._stopping and self._watched.failed():
                self._stop(Ending())
            elif not self._stopping and stop.is_set():
                self._stop(Ending(stopped=True))
            elif not self._stopping and now >= deadline:
                self._stop(Ending(timed_out=True))
            elif not self._stopping and (excess := self._watched.disk_excess()) is not None:
                # No grace: it would go on writing.
                self._stop(Ending(disk_excess=excess), signal="SIGKILL")
            elif now >= self._kill_at:
                self._kill()
            if alive and now >= next_look:
                self._watched.look(final=False)
                next_look = now + (_EARLY_INTERVAL_S if now - start < _EARLY_S else _LATER_INTERVAL_S)
            due = min(now + _STOP_CHECK_S, self._kill_at, next_look if alive else float("inf"))
            if not self._stopping:
                due = min(due, deadline)
            alive = self._pause(due) and alive
        return self._ending

    def _pause(self, until: float) -> bool:
        """Sleep until something happens; False once the process has ended."""
        ready = [number for number, _ in self._poll.poll(max(0.0, until - time.monotonic()) * 1000)]
        if self._wake_up.fileno() in ready:
            self._wake_up.clear()
        if self._process is not None and self._process in ready:
            self._watched.look(final=True)
            self._poll.unregister(self._process)
            return False
        return True

    def _stop(self, ending: Ending, *, signal: str = "SIGTERM") -> None:
        self._stopping = True
        if self._watched.kill(signal):
            self._ending = ending
            self._kill_at = time.monotonic() + self._grace_s

    def _kill(self) -> None:
        if self._kills == _KILL_ATTEMPTS:
            raise EngineError("the engine did not end a container after repeated SIGKILL; is its disk or kernel stuck?")
        self._kills += 1
        self._watched.kill("SIGKILL")
        self._kill_at = time.monotonic() + _KILL_PATIENCE_S


def _process_end(pid: int | None) -> int | None:
    """A file number that polls readable at a process's end, or None where that can't be had."""
    if pid is None or not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:  # already gone, or forbidden by a sandbox
        return None
