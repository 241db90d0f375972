from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError as PydanticError
from records import SHA256, a_component, a_finished_job, a_job, a_stored_image

from interfaces import ComponentJob
from interfaces.errors import InvalidMove, UnknownName
from interfaces.job_status import JobStatus


@pytest.fixture
def image(site):
    return a_stored_image(site, a_component())


def test_a_job_is_queued_at_first_and_pinned_to_an_image(image):
    job = a_job(image)
    assert job.status is JobStatus.PENDING
    assert job.container.sha256 == SHA256
    assert job.duration is None


def test_a_job_changes_by_making_a_new_record(image):
    job = a_job(image)
    moved = job.moved_to(JobStatus.PROVISIONING)
    assert job.status is JobStatus.PENDING
    assert moved.status is JobStatus.PROVISIONING
    assert moved.id == job.id
    with pytest.raises(PydanticError):
        job.status = JobStatus.SUCCESS


@pytest.mark.parametrize("field", ["time_limit", "requires_memory_gb", "requires_gpu_type", "status", "id", "attempt"])
def test_what_never_changes_is_refused(image, field):
    with pytest.raises(InvalidMove, match=f"{field} of a job can't be changed"):
        a_job(image).changed(**{field: 1})


def test_the_duration_runs_from_the_first_use_of_the_machine_to_the_end(site, image):
    assert a_finished_job(site, image, seconds=12.5).duration == timedelta(seconds=12.5)


def test_a_further_attempt_is_queued_again(image):
    job = a_job(image).moved_to(JobStatus.PROVISIONING).next_attempt()
    assert (job.status, job.attempt, job.started_at) == (JobStatus.RETRY, 1, None)


def test_there_are_at_most_99_further_attempts(image):
    with pytest.raises(InvalidMove, match="100 times"):
        a_job(image, attempt=99).next_attempt()


def test_an_ended_job_is_not_attempted_again(image):
    with pytest.raises(InvalidMove):
        a_job(image).moved_to(JobStatus.CANCELLED).next_attempt()


def test_a_message_is_cut_at_1024_characters(image):
    assert len(a_job(image).moved_to(JobStatus.FAILURE, error_message="x" * 5000).error_message) == 1024


def test_a_job_is_found_by_the_start_of_its_id(site, image):
    job = a_finished_job(site, image, seconds=1)
    assert ComponentJob.objects.get(str(job.id)[:8]) == job
    assert ComponentJob.objects.get(str(job.id)) == job


@pytest.mark.parametrize("wrong", ["%", "00000000-dead", "' OR 1=1 --"])
def test_an_unknown_id_finds_nothing(site, image, wrong):
    a_finished_job(site, image, seconds=1)
    with pytest.raises(UnknownName, match="no job"):
        ComponentJob.objects.get(wrong)


def test_durations_of_no_jobs_are_an_empty_table_and_no_average(site):
    assert ComponentJob.objects.with_duration().empty
    assert ComponentJob.objects.average_duration() is None


def test_the_average_counts_succeeded_jobs_with_a_duration_above_zero(site, image):
    for seconds, status in [
        (10, JobStatus.SUCCESS),
        (20, JobStatus.SUCCESS),
        (0, JobStatus.SUCCESS),
        (99, JobStatus.FAILURE),
    ]:
        a_finished_job(site, image, seconds=seconds, status=status)
    assert ComponentJob.objects.average_duration() == timedelta(seconds=15)
    assert ComponentJob.objects.average_duration(status="failure") == timedelta(seconds=99)


def test_jobs_are_filtered_by_component_image_status_and_time(site, image):
    other = a_stored_image(site, a_component(slug="other", title="Other"), "sha256:" + "b" * 64)
    now = datetime.now(UTC)
    old = a_finished_job(site, image, seconds=1, created=now - timedelta(days=2))
    failed = a_finished_job(site, image, seconds=2, status=JobStatus.FAILURE, created=now - timedelta(days=1))
    foreign = a_finished_job(site, other, seconds=3, created=now)

    def found(**filters):
        return list(ComponentJob.objects.with_duration(**filters)["id"])

    assert found() == [old.id, failed.id, foreign.id]
    assert found(component="other") == [foreign.id]
    assert found(image="sha256:" + "b" * 64) == [foreign.id]
    assert found(status=JobStatus.FAILURE) == [failed.id]
    assert found(status="failure") == [failed.id]
    assert found(since=now - timedelta(hours=30)) == [failed.id, foreign.id]
    assert found(until=now - timedelta(hours=30)) == [old.id]
    assert ComponentJob.objects.average_duration(component="other") == timedelta(seconds=3)


def test_the_table_has_times_in_utc_and_durations_as_timedeltas(site, image):
    a_finished_job(site, image, seconds=90)
    table = ComponentJob.objects.with_duration()
    assert str(table["created"].dt.tz) == "UTC"
    assert table["duration"].iloc[0] == timedelta(seconds=90)
    assert table["status"].iloc[0] == "SUCCESS"
