from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update

from interfaces.database.worker_run_records import (
    WorkerRun,
    WorkerRunStatus,
    begin_worker_run,
    end_worker_run,
    find_worker_runs,
    lose_worker_run,
    renew_worker_runs,
    restart_worker_run,
    taken_from_here,
    unfinished_worker_runs,
)
from interfaces.database.worker_run_tables import WorkerRunRow
from interfaces.owners import Owner

DEAD = str(replace(Owner.current(), started="1"))
ELSEWHERE = str(replace(Owner.current(), host="elsewhere"))
LONG_AGO = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture
def run(database) -> WorkerRun:
    """A run of this process."""
    with database.session() as session:
        run = begin_worker_run(session, uuid4())
    assert run is not None
    return run


def hold_as(database, run, owner, until=None):
    with database.session() as session:
        where = WorkerRunRow.flow_run_id == run.flow_run_id
        session.execute(update(WorkerRunRow).where(where).values(owner=owner, lease_until=until))


def read(database, run) -> WorkerRun:
    with database.session() as session:
        return find_worker_runs(session, [run.flow_run_id])[run.flow_run_id]


def test_a_run_that_somebody_runs_is_refused_to_others(database, run):
    assert (run.status, run.attempt, run.owner) == (WorkerRunStatus.RUNNING, 1, str(Owner.current()))
    hold_as(database, run, ELSEWHERE, datetime.now(UTC) + timedelta(minutes=1))
    with database.session() as session:
        assert begin_worker_run(session, run.flow_run_id) is None
        assert taken_from_here(session, [run.flow_run_id]) == {run.flow_run_id}
    assert not read(database, run).is_abandoned()


def test_a_run_ends_once_and_begins_no_more_by_itself(database, run):
    job = uuid4()
    with database.session() as session:
        assert end_worker_run(session, run, job_id=job, error=("ComponentException", "too dark"))
        assert not end_worker_run(session, run)
        assert begin_worker_run(session, run.flow_run_id) is None
        assert unfinished_worker_runs(session) == []
    ended = read(database, run)
    assert (ended.job_id, ended.error) == (job, ("ComponentException", "too dark"))
    with database.session() as session:
        again = restart_worker_run(session, ended)
        assert again is not None and again.attempt == 1
        assert restart_worker_run(session, ended) is None
    assert read(database, run).error is None


@pytest.mark.parametrize(("owner", "until"), [(DEAD, None), (ELSEWHERE, LONG_AGO)], ids=["a process", "a machine"])
def test_of_many_that_notice_a_death_one_has_the_run_done_again_and_one_does_it(database, run, owner, until):
    hold_as(database, run, owner, until)
    lost = read(database, run)
    assert lost.is_abandoned()

    def lose(_):
        with database.session() as session:
            return lose_worker_run(session, lost)

    def begin(_):
        with database.session() as session:
            return begin_worker_run(session, run.flow_run_id)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lose, range(4))) == [False, False, False, True]
    assert read(database, run).attempt == 2
    first = begin(0)
    assert first is not None and first.attempt == 2
    # Who was taken for dead and is not can neither end it nor give signs of life for it.
    with database.session() as session:
        assert not end_worker_run(session, lost)
    hold_as(database, run, ELSEWHERE, LONG_AGO)
    with database.session() as session:
        renew_worker_runs(session, [run.flow_run_id])
    assert read(database, run).until == LONG_AGO


def test_a_sign_of_life_makes_a_lease_longer(database, run):
    hold_as(database, run, str(Owner.current()), LONG_AGO)
    with database.session() as session:
        renew_worker_runs(session, [run.flow_run_id])
    until = read(database, run).until
    assert until is not None and until > datetime.now(UTC)
