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

from interfaces.database.lease_records import LEASE_S, release, renew, to_be_stopped
from interfaces.jobs import ComponentJob
from interfaces.site import get_site
from tasks.run_logging import run_logger

LISTEN_S = 1.0
"""Seconds between two looks at who is to stop; one query of about a millisecond for all jobs of the process."""

RENEW_S = LEASE_S / 4


class _Keeper:
    """One thread that renews the leases of all jobs that the process holds; it ends with the last one."""

    def __init__(self) -> None:
        self._held: set[UUID] = set()
        self._stops: dict[UUID, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, job_id: UUID) -> None:
        with self._lock:
            self._held.add(job_id)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="component-flows leases", daemon=True)
                self._thread.start()

    def remove(self, job_id: UUID) -> None:
        with self._lock:
            self._held.discard(job_id)
        self._changed.set()

    def listen(self, job_id: UUID, stop: Callable[[], None]) -> None:
        with self._lock:
            self._stops[job_id] = stop

    def ignore(self, job_id: UUID) -> None:
        with self._lock:
            self._stops.pop(job_id, None)

    def _run(self) -> None:
        renewed = time.monotonic()
        parent = os.getppid() if _belongs_to_its_parent() else None
        while True:
            self._changed.wait(LISTEN_S)
            self._changed.clear()
            with self._lock:
                held, listening = set(self._held), set(self._stops)
                if not held:
                    self._thread = None
                    return
            if parent is not None and os.getppid() != parent:
                self._stop(listening)  # who served this run has ended, and nobody is left to hear of it
            try:
                if time.monotonic() - renewed >= RENEW_S:
                    with get_site().database.session() as session:
                        renew(session, held)
                    renewed = time.monotonic()
                if listening:
                    with get_site().database.session() as session:
                        wanted = to_be_stopped(session, listening)
                    self._stop(wanted)
            except SQLAlchemyError as error:  # the database is away; the jobs go on, and their leases may run out
                run_logger().warning("The leases of %d jobs could not be renewed: %s", len(held), error)

    def _stop(self, wanted: set[UUID]) -> None:
        for job_id in wanted:
            # Under the lock: once `ignore` has returned, nobody is stopped any more.
            with self._lock:
                stop = self._stops.pop(job_id, None)
                if stop is not None:
                    stop()


def _belongs_to_its_parent() -> bool:
    """Whether this process runs something for the one that started it: for a worker, or for a flow's `serve`."""
    return "PREFECT__FLOW_RUN_ID" in os.environ or multiprocessing.parent_process() is not None


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
