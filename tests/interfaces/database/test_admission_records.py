from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from records import a_component, a_job, a_stored_image

from interfaces.admission import GB, Capacity
from interfaces.database.admission_records import Abandoned, abandoned, enter, is_admitted, leave, tickets
from interfaces.database.job_records import save_job
from interfaces.database.lease_records import release
from interfaces.database.tables import JobRow
from interfaces.job_status import JobStatus
from interfaces.owners import Owner

HERE = Capacity(machine="here", memory_bytes=4 * GB, reserve_bytes=0, cpus=2, cpus_per_job=1)
ONE = HERE.share(memory_gb=1)


@pytest.fixture
def jobs(site):
    image = a_stored_image(site, a_component())
    found = [a_job(image) for _ in range(8)]
    with site.database.session() as session:
        for job in found:
            save_job(session, job)
    return [job.id for job in found]


def test_who_leaves_lets_the_next_ones_in(site, jobs):
    first, second, third, fourth, *_ = jobs
    with site.database.session() as session:
        assert enter(session, first, ONE, HERE) == {first}
        assert enter(session, second, ONE, HERE) == {second}
        assert enter(session, third, ONE, HERE) == enter(session, fourth, ONE, HERE) == set()
    with site.database.session() as session:
        assert not is_admitted(session, third)
        assert leave(session, [second], HERE) == {third}
    with site.database.session() as session:
        assert is_admitted(session, third)
        assert leave(session, [fourth], HERE) == set()
        assert [one.job_id for one in tickets(session, "here")] == [first, third]


def test_machines_have_queues_of_their_own(site, jobs):
    there = Capacity(machine="there", memory_bytes=GB, reserve_bytes=0, cpus=1, cpus_per_job=1)
    with site.database.session() as session:
        assert enter(session, jobs[0], HERE.share(memory_gb=4), HERE) == {jobs[0]}
        assert enter(session, jobs[1], ONE, there) == {jobs[1]}


def test_many_that_come_at_once_don_t_get_more_than_there_is(site, jobs):
    def come(job_id):
        with site.database.session() as session:
            return enter(session, job_id, ONE, HERE)

    with ThreadPoolExecutor(8) as pool:
        started = set().union(*pool.map(come, jobs))
    assert len(started) == 2
    with site.database.session() as session:
        queue = tickets(session, "here")
    assert {one.job_id for one in queue if one.is_admitted} == started == {queue[0].job_id, queue[1].job_id}


def test_a_row_is_abandoned_when_nobody_works_on_its_job(site, jobs):
    alive, dead_waiting, dead_running, done = jobs[:4]
    dead = Owner(host=Owner.current().host, boot=Owner.current().boot, pid=2**22 + 1, started="1")
    with site.database.session() as session:
        enter(session, alive, ONE, HERE)
        enter(session, dead_running, ONE, HERE)
        enter(session, dead_waiting, ONE, HERE)
        enter(session, done, ONE, HERE)
        for job_id in (dead_waiting, dead_running):
            session.get_one(JobRow, job_id).lease_owner = str(dead)
            session.get_one(JobRow, job_id).status = JobStatus.EXECUTING.value
        release(session, done)
    with site.database.session() as session:
        assert sorted(abandoned(session, "here"), key=lambda one: jobs.index(one.job_id)) == [
            Abandoned(job_id=dead_waiting, may_run=False),
            Abandoned(job_id=dead_running, may_run=True),
            Abandoned(job_id=done, may_run=False),
        ]
