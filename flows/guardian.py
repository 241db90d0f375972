"""A small process beside the jobs of a site: it outlives those who run them, and ends what they leave.

It is started with the first job and ends by itself some time after the last. While it lives, the death of a process is
noticed within a second: its containers are stopped, its jobs brought to their end. So a time limit also holds for a
container whose runner was killed. Where the guardian is killed as well, the next job starts one, which begins with
that.

It imports Prefect and the rest only when there is something to do; waiting, it needs little memory and next to no time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError

from flows.lost_runs import is_due
from interfaces.access import RUNNER_VARIABLE
from interfaces.database.follow_up_records import unfinished_follow_ups
from interfaces.database.lease_records import leases
from interfaces.database.worker_run_records import WorkerRun, unfinished_worker_runs
from interfaces.engine import get_engine
from interfaces.errors import ComponentFlowsError
from interfaces.secrets import without_secrets
from interfaces.secrets_in_logs import show_fault_without_secrets
from interfaces.settings import get_settings
from interfaces.site import Site, get_site
from tasks.sweep import sweep

LOCK_FILE = "guardian.lock"
LOG_FILE = "guardian.log"
MAX_LOG_BYTES = 2**20

LOOK_S = 1.0
"""Between two looks at who lives: one query, and one small file of the kernel for each process."""

TIDY_S = 60.0
"""Between two looks at the engine for containers past their deadline, and at runs that wait to be taken up again."""

IDLE_S = 30.0
"""How long it waits for another job before it ends."""

PATIENCE_S = 10.0
"""After a reaping that failed (the engine is away, say)."""

START_S = 10.0
"""A guardian that this process started less than this ago may not have its lock yet, and one that ended so soon would
end again: neither is a reason to start another. Starting takes one to two seconds of a processor."""

_started: dict[Path, float] = {}
_starting = threading.Lock()


def ensure_guardian() -> None:
    """See that a guardian lives; call it when the job's record with its lease is written, not before."""
    if not get_settings().guardian:
        return
    site = get_site()
    lock = FileLock(site.home / LOCK_FILE)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return
    lock.release()
    with _starting:
        now = time.monotonic()
        if now - _started.get(site.home, -START_S) < START_S:
            return
        _started[site.home] = now
    log = site.home / LOG_FILE
    mode = "wb" if log.exists() and log.stat().st_size > MAX_LOG_BYTES else "ab"
    with log.open(mode) as output:
        subprocess.Popen(
            [sys.executable, "-m", "flows.guardian"],
            env={**_environment(), "COMPONENT_FLOWS_HOME": str(site.home), "PYTHONPATH": _import_path()},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # what ends the caller's terminal or worker must not end it
        )


def _environment() -> dict[str, str]:
    # It outlives the run that this process may have been started for, and is no part of it.
    return {name: value for name, value in os.environ.items() if name != RUNNER_VARIABLE}


def _import_path() -> str:
    # What follows a job is found by its module's name, as it was where the job was made.
    return os.pathsep.join(path or str(Path.cwd()) for path in sys.path)


def guard(site: Site) -> None:
    """Watch over the site's jobs until there have been none for a while."""
    lock = FileLock(site.home / LOCK_FILE)
    while _acquired(lock):
        try:
            _watch(site)
        finally:
            lock.release()
        # A job that began just now saw the lock and started no guardian; it is here, or it will see that it is free.
        if not _anything_held(site):
            return


def _acquired(lock: FileLock) -> bool:
    try:
        lock.acquire(blocking=False)
    except (Timeout, OSError):  # OSError: the home folder is gone
        return False
    return True


def _watch(site: Site) -> None:
    _say("watching")
    _tidy()
    busy = tidied = time.monotonic()
    while site.home.is_dir():
        time.sleep(LOOK_S)
        now = time.monotonic()
        try:
            with site.database.session() as session:
                held, runs = leases(session), unfinished_worker_runs(session)
        except SQLAlchemyError as error:
            _say(f"the database is away: {error}")
            time.sleep(PATIENCE_S)
            continue
        if held or runs:
            busy = now
        if any(lease.is_over() for lease in held) or _is_left(runs) or ((held or runs) and now - tidied >= TIDY_S):
            tidied = now
            _tidy()
        if now - busy >= IDLE_S:
            _tidy()  # a container that was kept warm has no job
            _say("no job for a while")
            return


def _anything_held(site: Site) -> bool:
    if not site.home.is_dir():
        return False
    with site.database.session() as session:
        return bool(leases(session) or unfinished_worker_runs(session))


def _is_left(runs: list[WorkerRun]) -> bool:
    # What is on record as lost may wait for a worker for hours: it is looked at now and then.
    return any(run.is_abandoned() and is_due(run) for run in runs)


def _tidy() -> None:
    """Settle and remove what is left."""
    site = get_site()
    try:
        with site.database.session() as session:
            is_left = any(map(is_due, unfinished_worker_runs(session)))
            over = is_left or any(lease.is_over() for lease in leases(session))
            needs_more = over or bool(unfinished_follow_ups(session))
        if needs_more:
            _settle()
        elif swept := sweep(site, get_engine()):
            _say(f"removed {swept}")
    except (ComponentFlowsError, SQLAlchemyError, OSError) as error:
        _say(f"not everything could be settled: {error}")
        time.sleep(PATIENCE_S)


def _settle() -> None:
    """Bring jobs to their end. The Prefect server is asked only where something has to be shown or run there."""
    import asyncio

    from flows.maintenance import left_follow_ups, mirror, reap
    from flows.server import client_settings, status
    from flows.taking_up import lost_worker_runs, take_up_lost_runs
    from tasks.reap import reaped

    done = reaped()
    for job in done.jobs:
        _say(f"{job.component} {job.id}: {job.status.label}")
    if done.swept:
        _say(f"removed {done.swept}")
    server = status()
    if done.jobs and server.running and server.url is not None:
        with client_settings(server.url):
            asyncio.run(mirror(done.jobs))
    if lost_worker_runs() and server.running and server.url is not None:
        with client_settings(server.url):
            for flow_run_id in asyncio.run(take_up_lost_runs()):
                _say(f"the flow run {flow_run_id} is to be taken up again")
    if left_follow_ups():
        reap()


def _say(text: str) -> None:
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {without_secrets(text)}", flush=True)


if __name__ == "__main__":
    sys.excepthook = show_fault_without_secrets
    guard(get_site())
