"""Which runs of workers are to be handed out again, as far as their records say; nothing here knows Prefect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from interfaces.database.worker_run_records import WorkerRun, WorkerRunStatus
from interfaces.settings import get_settings

AGAIN_AFTER_S = 45.0
"""After a run's last sign of life, of which there is one each quarter of a lease. Where its process alone died, its
worker goes on, and puts the run away in its own time: it starts a process to look for hooks, and then says once more
that the run has crashed; under load that took 12 s. A worker of Prefect 3.8 that has a limit ends, with all its runs,
if it is handed one that it has not put away."""

PENDING_LEASES = 5
"""So many times a lease's length a run may be about to begin. It has no process on record yet: an image is fetched, a
pod started, Python imported."""


def is_due(run: WorkerRun) -> bool:
    """Whether it is time for Prefect to hand the run out again, if its state there does not say otherwise."""
    if run.status is WorkerRunStatus.LOST:  # whoever noted that has had a while to schedule it
        return run.modified < leases_ago(1)
    return run.is_abandoned() and run.modified < datetime.now(UTC) - timedelta(seconds=AGAIN_AFTER_S)


def leases_ago(count: int) -> datetime:
    """The moment that so many times a lease's length has passed since."""
    return datetime.now(UTC) - timedelta(seconds=count * get_settings().lease_s)
