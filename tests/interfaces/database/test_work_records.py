"""Who has done a piece of work, who does it, and who may; in each kind of database."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from records import a_component, a_finished_job, a_job, a_stored_image
from sqlalchemy import event, update

from interfaces.database.job_records import load_jobs, save_job
from interfaces.database.tables import JobRow
from interfaces.database.work_records import (
    NEAR,
    TRIES,
    AlreadyClaimed,
    add_claimed,
    drop_claim,
    has_run,
    newest_of_works,
    newest_successes,
    over_same_inputs,
    runners,
    successes,
)
from interfaces.job_status import JobStatus
from interfaces.owners import Owner

DEAD = str(replace(Owner.current(), started="1"))


def key(inputs: str = "1", everything: str = "2") -> str:
    return f"v1:{inputs * 32}:{everything * 64}"


@pytest.fixture
def site(database):
    """What the makers of records need of a site: its database."""
    return SimpleNamespace(database=database)


@pytest.fixture
def image(site):
    return a_stored_image(site, a_component())


@pytest.fixture
def done(site, image):
    """Stores a job that has ended, `ago` hours ago."""

    def done(cache_key: str, *, ago: float = 0, status: JobStatus = JobStatus.SUCCESS):
        created = datetime.now(UTC) - timedelta(hours=ago)
        job = a_finished_job(site, image, seconds=1, status=status, created=created).changed(cache_key=cache_key)
        with site.database.session() as session:
            save_job(session, job)
        return job.id

    return done


def test_the_newest_successes_of_each_work_are_found_with_one_query(site, done):
    old, new = done(key(), ago=2), done(key(), ago=1)
    done(key(), status=JobStatus.FAILURE)
    other = done(key("3", "4"))
    for ago in range(3, 6):
        done(key(), ago=ago)
    asked: list[str] = []
    event.listen(site.database.engine, "before_cursor_execute", lambda *_: asked.append(_[2]))
    with site.database.session() as session:
        found = successes(session, [key(), key("3", "4"), key("5", "6")])
    assert len(asked) == 1
    assert found[key()][:2] == [new, old]
    assert len(found[key()]) == TRIES
    assert found[key("3", "4")] == [other]
    assert set(found) == {key(), key("3", "4")}


def test_a_thousand_keys_are_no_problem(site, done):
    known = done(key())
    with site.database.session() as session:
        found = successes(session, [key(), *(f"v1:{n}:{n}" for n in range(2_000))])
    assert found == {key(): [known]}


def test_many_jobs_are_loaded_with_the_same_few_queries_as_one(site, done):
    ids = [done(key("7", "8")) for _ in range(30)]
    asked: list[str] = []
    event.listen(site.database.engine, "before_cursor_execute", lambda *_: asked.append(_[2]))
    with site.database.session() as session:
        assert set(load_jobs(session, ids)) == set(ids)
    assert len(asked) <= 4


def test_one_of_many_that_begin_at_once_may_run(site, image):
    jobs = [a_job(image, cache_key=key()) for _ in range(8)]
    together = threading.Barrier(len(jobs))

    def begin(job) -> bool:
        together.wait()
        try:
            with site.database.session() as session:
                add_claimed(session, job)
        except AlreadyClaimed:
            return False
        return True

    with ThreadPoolExecutor(len(jobs)) as pool:
        assert list(pool.map(begin, jobs)).count(True) == 1
    with site.database.session() as session:
        (runner,) = runners(session, key())
        assert len(load_jobs(session, [job.id for job in jobs])) == 1
    assert runner.is_claimed
    assert not runner.lease.is_over()
    assert (runner.is_started, runner.time_limit_s) == (False, 60)


def test_the_end_of_a_job_lets_the_next_one_begin(site, image):
    first, second = (a_job(image, cache_key=key()) for _ in range(2))
    with site.database.session() as session:
        add_claimed(session, first)
    with site.database.session() as session:
        save_job(session, first.moved_to(JobStatus.CANCELLED))
        assert runners(session, key()) == []
        add_claimed(session, second)
        assert newest_of_works(session, [key(), key("9")]) == {key(): (second.id, JobStatus.PENDING)}


def test_a_claim_of_a_process_that_died_is_dropped(site, image):
    first, second = (a_job(image, cache_key=key()) for _ in range(2))
    with site.database.session() as session:
        add_claimed(session, first)
        session.execute(update(JobRow).where(JobRow.id == first.id).values(lease_owner=DEAD))
    with site.database.session() as session:
        (runner,) = runners(session, key())
        assert runner.lease.is_over()
        drop_claim(session, runner.lease)
        add_claimed(session, second)
        assert [one.is_claimed for one in runners(session, key())] == [False, True]


def test_what_a_component_did_over_the_same_inputs_and_what_it_did_last_is_found(site, done):
    with site.database.session() as session:
        assert not has_run(session, "lesion-counter")
    same = done(key("1", "2"), ago=99)
    newer = [done(key("3", str(n)), ago=n) for n in range(NEAR + 1)]
    with site.database.session() as session:
        found = over_same_inputs(session, "lesion-counter", [key("1", "4"), key("3", "x"), key("5", "4")])
        assert found == {key("1")[:35]: [same], key("3")[:35]: newer[:NEAR]}
        assert over_same_inputs(session, "another", [key("1", "4")]) == {}
        assert newest_successes(session, "lesion-counter") == newer[:NEAR]
        assert newest_successes(session, "another") == []
        assert has_run(session, "lesion-counter")
