from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from records import a_component, a_job, a_stored_image
from sqlalchemy import update

from interfaces.database.job_records import load_job, save_job
from interfaces.database.lease_records import (
    hand_back,
    leases,
    release,
    renew,
    request_cancellation,
    take_over,
    to_be_stopped,
    was_cancelled,
)
from interfaces.database.tables import JobRow
from interfaces.errors import InvalidMove
from interfaces.job_status import JobStatus
from interfaces.owners import Owner

DEAD = str(replace(Owner.current(), started="1"))
ELSEWHERE = str(replace(Owner.current(), host="elsewhere"))


@pytest.fixture
def job(site):
    job = a_job(a_stored_image(site, a_component()))
    with site.database.session() as session:
        save_job(session, job)
    return job


def hold_as(site, job, owner, until=None):
    with site.database.session() as session:
        session.execute(update(JobRow).where(JobRow.id == job.id).values(lease_owner=owner, lease_until=until))


def the_lease(site):
    with site.database.session() as session:
        (lease,) = leases(session)
    return lease


def test_a_job_belongs_to_the_process_that_made_it(site, job):
    assert the_lease(site).owner == str(Owner.current())
    assert not the_lease(site).is_over()


def test_a_lease_of_a_process_that_died_is_over_at_once(site, job):
    hold_as(site, job, DEAD, datetime.now(UTC) + timedelta(hours=1))
    assert the_lease(site).is_over()


def test_another_machine_is_believed_until_its_time_is_over(site, job):
    now = datetime.now(UTC)
    hold_as(site, job, ELSEWHERE, now + timedelta(seconds=10))
    assert not the_lease(site).is_over(now)
    assert the_lease(site).is_over(now + timedelta(seconds=11))


def test_one_of_two_takes_a_job_over(site, job):
    hold_as(site, job, DEAD)
    lease = the_lease(site)
    with site.database.session() as session:
        assert take_over(session, lease)
        assert not take_over(session, lease)


def test_what_was_taken_over_can_be_handed_back(site, job):
    hold_as(site, job, DEAD)
    lease = the_lease(site)
    with site.database.session() as session:
        take_over(session, lease)
        hand_back(session, lease)
    assert the_lease(site) == lease


def test_a_process_that_lost_its_job_can_write_it_no_more(site, job):
    hold_as(site, job, ELSEWHERE)
    with pytest.raises(InvalidMove, match="taken over by another process"), site.database.session() as session:
        save_job(session, job.moved_to(JobStatus.PROVISIONING))
    with site.database.session() as session:
        assert load_job(session, job.id).status is JobStatus.PENDING


def test_an_end_is_final(site, job):
    with site.database.session() as session:
        save_job(session, job.moved_to(JobStatus.CANCELLED))
    with pytest.raises(InvalidMove, match=r"has ended \(Cancelled\)"), site.database.session() as session:
        save_job(session, job.moved_to(JobStatus.FAILURE))


def test_a_sign_of_life_is_given_only_for_what_is_held(site, job):
    past = datetime.now(UTC) - timedelta(seconds=1)
    hold_as(site, job, str(Owner.current()), past)
    with site.database.session() as session:
        renew(session, [job.id])
    assert the_lease(site).until > datetime.now(UTC)
    hold_as(site, job, ELSEWHERE, past)
    with site.database.session() as session:
        renew(session, [job.id])
    assert the_lease(site).until == past


def test_a_released_job_is_nobodys(site, job):
    with site.database.session() as session:
        release(session, job.id)
        assert leases(session) == []


def test_a_job_is_to_stop_once_somebody_asks_for_it_or_takes_it(site, job):
    with site.database.session() as session:
        assert to_be_stopped(session, [job.id]) == set()
        assert not was_cancelled(session, job.id)
        request_cancellation(session, job.id)
        assert to_be_stopped(session, [job.id]) == {job.id}
        assert was_cancelled(session, job.id)


def test_a_job_that_was_taken_over_is_to_stop(site, job):
    hold_as(site, job, ELSEWHERE)
    with site.database.session() as session:
        assert to_be_stopped(session, [job.id]) == {job.id}
