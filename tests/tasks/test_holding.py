"""Who can give no sign of life stops its jobs before others may believe it dead."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from uuid import uuid4

import pytest
from postgresql import programs, running_server
from records import a_component, a_job, a_stored_image
from sqlalchemy import make_url, update

from interfaces.database.job_records import save_job
from interfaces.database.tables import JobRow
from interfaces.owners import Owner
from interfaces.settings import Settings, settings_in_place
from interfaces.site import get_site
from tasks.holding import held, held_run, stoppable

LEASE_S = 3.0

pytestmark = pytest.mark.skipif(programs() is None, reason="needs a PostgreSQL server")


@pytest.fixture(scope="module")
def server():
    with running_server() as url:
        yield url


@pytest.fixture
def job(server, tmp_path):
    """A job of this process, at a site whose database several machines may share."""
    with settings_in_place(Settings(home=tmp_path, database_url=server, lease_s=LEASE_S)):
        job = a_job(a_stored_image(get_site(), a_component(slug=(name := f"test-{uuid4().hex}"), title=name)))
        with get_site().database.session() as session:
            save_job(session, job)
        yield job


def every_process(server: str) -> list[int]:
    data = Path(str(make_url(server).query["host"])) / "data"
    main = int((data / "postmaster.pid").read_text().splitlines()[0])
    listed = subprocess.run(["pgrep", "--parent", str(main)], capture_output=True, text=True, check=True)
    return [main, *map(int, listed.stdout.split())]


@pytest.mark.soak
def test_a_job_is_stopped_when_its_database_has_been_silent_for_a_lease(server, job):
    stopped = threading.Event()
    with held(job), stoppable(job, stopped.set):
        assert not stopped.wait(1.5 * LEASE_S), "signs of life are given in time"
        frozen, since = every_process(server), time.monotonic()
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            assert stopped.wait(LEASE_S)
            assert time.monotonic() - since < LEASE_S
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)


def test_a_job_that_another_machine_has_taken_over_is_stopped(job):
    stopped = threading.Event()
    with held(job), stoppable(job, stopped.set):
        with get_site().database.session() as session:
            other = str(Owner.current()).replace(Owner.current().host, "elsewhere")
            session.execute(update(JobRow).where(JobRow.id == job.id).values(lease_owner=other))
        assert stopped.wait(5)


def test_a_run_that_is_nobodys_else_goes_on(job):
    stopped = threading.Event()
    with held_run(uuid4(), stopped.set):
        assert not stopped.wait(1.5 * LEASE_S)
