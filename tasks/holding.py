"""Signs of life for the jobs of this process, and an ear for those who want one stopped."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from interfaces.access import RUNNER_VARIABLE
from interfaces.database.lease_records import release, renew, to_be_stopped
from interfaces.database.worker_run_records import renew_worker_runs, taken_from_here
from interfaces.jobs import ComponentJob
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks.run_logging import run_logger

LISTEN_S = 1.0
"""Seconds between two looks at who is to stop; one query of about a millisecond for all jobs of the process."""

RENEWALS = 4
"""Signs of life in the time of a lease."""


class _Keeper:
    """One thread that renews the leases of all that the process holds, jobs and worker runs; it ends with the last."""

    def __init__(self) -> None:
        self._held: set[UUID] = set()
        self._runs: set[UUID] = set()
        self._fence = _Fence(self._stop_all)
        self._stops: dict[UUID, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, job_id: UUID, *, is_run: bool = False) -> None:
        with self._lock:
            (self._runs if is_run else self._held).add(job_id)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="component-flows leases", daemon=True)
                self._thread.start()

    def remove(self, job_id: UUID) -> None:
        with self._lock:
            self._held.discard(job_id)
            self._runs.discard(job_id)
        self._changed.set()

    def listen(self, job_id: UUID, stop: Callable[[], None]) -> None:
        with self._lock:
            self._stops[job_id] = stop

    def ignore(self, job_id: UUID) -> None:
        with self._lock:
            self._stops.pop(job_id, None)

    def _run(self) -> None:
        renewed = time.monotonic()
        self._fence.put_off(renewed)
        parent = os.getppid() if _belongs_to_its_parent() else None
        while True:
            self._changed.wait(LISTEN_S)
            self._changed.clear()
            with self._lock:
                held, runs, listening = set(self._held), set(self._runs), set(self._stops)
                if not held and not runs:
                    self._thread = None
                    self._fence.take_down()
                    return
            if parent is not None and os.getppid() != parent:
                self._stop(listening)  # who served this run has ended, and nobody is left to hear of it
            try:
                now = time.monotonic()
                if now - renewed >= get_settings().lease_s / RENEWALS:
                    with get_site().database.session() as session:
                        renew(session, held)
                        if runs:
                            renew_worker_runs(session, runs)
                    renewed = now
                    self._fence.put_off(now)
                if listening:
                    with get_site().database.session() as session:
                        wanted = to_be_stopped(session, listening)
                        if runs:
                            wanted |= taken_from_here(session, runs)
                    self._stop(wanted)
            except SQLAlchemyError as error:  # the database is away; the jobs go on for as long as the fence allows
                run_logger().warning("The leases of %d jobs could not be renewed: %s", len(held), error)

    def _stop_all(self) -> None:
        with self._lock:
            listening = set(self._stops)
        run_logger().error("The database is away for longer than a lease: what runs here is stopped")
        self._stop(listening)

    def _stop(self, wanted: set[UUID]) -> None:
        for job_id in wanted:
            # Under the lock: once `ignore` has returned, nobody is stopped any more.
            with self._lock:
                stop = self._stops.pop(job_id, None)
                if stop is not None:
                    stop()


class _Fence:
    """Stops everything before others may believe that this process is dead, where it can't give signs of life.

    In a thread of its own: a connection to a database that does not answer may be waited for longer than that.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._timer: threading.Timer | None = None

    def put_off(self, since: float) -> None:
        """A sign of life was given.

        Args:
            since: When the writing of it began, by the monotonic clock.
        """
        self.take_down()
        if get_site().database.is_shared:
            left = since + get_settings().lease_s - LISTEN_S - time.monotonic()
            self._timer = threading.Timer(max(0.0, left), self._stop)
            self._timer.daemon = True
            self._timer.start()

    def take_down(self) -> None:
        """Nothing is held any more."""
        if self._timer is not None:
            self._timer.cancel()


def _belongs_to_its_parent() -> bool:
    """Whether this process runs something for the one that started it: for a worker, or for a flow's `serve`."""
    return RUNNER_VARIABLE in os.environ or multiprocessing.parent_process() is not None


_keeper = _Keeper()


@contextmanager
def held(job: ComponentJob) -> Iterator[None]:
    """Keep this process's lease on a job; at the end nothing is left to do for it, and the lease is given up."""
    _keeper.add(job.id)
    try:
        yield
    finally:
        _keeper.remove(job.id)
        with get_site().database.session() as session:
            release(session, job.id)


@contextmanager
def stoppable(job: ComponentJob, stop: Callable[[], None]) -> Iterator[None]:
    """Within it, `stop` is called once if somebody asks for the job's end or takes the job over.

    Args:
        job: A job that is `held`.
        stop: Called in another thread; it must return at once.
    """
    _keeper.listen(job.id, stop)
    try:
        yield
    finally:
        _keeper.ignore(job.id)


@contextmanager
def held_run(flow_run_id: UUID, stop: Callable[[], None]) -> Iterator[None]:
    """Keep this process's lease on a run of a worker.

    Args:
        flow_run_id: The Prefect flow run.
        stop: Called once, in another thread, if the run is taken over; it must return at once.
    """
    _keeper.listen(flow_run_id, stop)
    _keeper.add(flow_run_id, is_run=True)
    try:
        yield
    finally:
        _keeper.ignore(flow_run_id)
        _keeper.remove(flow_run_id)
