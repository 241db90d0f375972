from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from programs import Program
from records import a_component, a_job, a_stored_image

from interfaces.database.follow_up_records import (
    FollowUpStatus,
    claim,
    complete,
    find_follow_up,
    unfinished_follow_ups,
)
from interfaces.database.job_records import save_job
from interfaces.job_status import JobStatus

REFERENCE = {"flow": "followers:note_the_job"}


@pytest.fixture
def job(site):
    job = a_job(a_stored_image(site, a_component()), task_on_failure=REFERENCE)
    with site.database.session() as session:
        save_job(session, job)
    return job


@pytest.fixture
def ended(site, job):
    job = job.moved_to(JobStatus.FAILURE)
    with site.database.session() as session:
        save_job(session, job)
    return job


def found(site, job):
    with site.database.session() as session:
        return find_follow_up(session, job.id)


def test_nothing_follows_a_job_that_has_not_ended(site, job):
    assert found(site, job) is None


def test_what_follows_is_written_with_the_final_status(site, ended):
    assert found(site, ended).status is FollowUpStatus.PENDING
    assert found(site, ended).reference == REFERENCE


def test_nothing_is_written_where_the_final_status_is_not(site, job):
    with pytest.raises(RuntimeError), site.database.session() as session:
        save_job(session, job.moved_to(JobStatus.FAILURE))
        raise RuntimeError
    assert found(site, job) is None


def test_the_other_end_of_a_job_has_its_own_follow_up(site, job):
    job = job.moved_to(JobStatus.PROVISIONING)
    for status in (JobStatus.PROVISIONED, JobStatus.EXECUTING, JobStatus.EXECUTED, JobStatus.PARSING):
        job = job.moved_to(status)
    with site.database.session() as session:
        save_job(session, job.moved_to(JobStatus.SUCCESS))
    assert found(site, job) is None


def test_writing_a_final_job_again_changes_nothing_of_what_follows(site, ended):
    with site.database.session() as session:
        claim(session, find_follow_up(session, ended.id))
        complete(session, ended.id, FollowUpStatus.DONE)
        save_job(session, ended)
    assert found(site, ended).status is FollowUpStatus.DONE


def test_one_of_many_claims_it(site, ended):
    seen = found(site, ended)

    def claimed(_):
        with site.database.session() as session:
            return claim(session, seen)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claimed, range(16))) == 1


def test_only_its_own_process_completes_it(site, ended):
    code = (
        "import sys; from pathlib import Path; from uuid import UUID;"
        "from interfaces.database.sessions import Database;"
        "from interfaces.database.follow_up_records import *;"
        "database = Database(sys.argv[1], Path(sys.argv[2]));\n"
        "with database.session() as session: complete(session, UUID(sys.argv[3]), FollowUpStatus.DONE)"
    )
    with site.database.session() as session:
        claim(session, find_follow_up(session, ended.id))
    assert Program("code", code, site.database_url, site.home, ended.id).wait(timeout=60) == 0
    assert found(site, ended).status is FollowUpStatus.RUNNING


def test_what_is_done_is_not_among_the_unfinished(site, ended):
    with site.database.session() as session:
        assert [one.job_id for one in unfinished_follow_ups(session)] == [ended.id]
        claim(session, find_follow_up(session, ended.id))
        assert [one.status for one in unfinished_follow_ups(session)] == [FollowUpStatus.RUNNING]
        complete(session, ended.id, FollowUpStatus.FAILED, "x" * 5000)
        assert unfinished_follow_ups(session) == []
    assert len(found(site, ended).error_message) == 1024
