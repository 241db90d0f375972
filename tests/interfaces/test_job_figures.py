"""A job's figures, packed."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from records import a_component, a_job, a_stored_image

from interfaces.job_figures import FIGURES, created_between, needed_memory_bytes, packed, unpacked
from interfaces.job_status import JobStatus

CREATED = datetime(2025, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
GB = 2**30


@pytest.fixture
def job(site):
    return a_job(a_stored_image(site, a_component()), created=CREATED)


def ended(job, **changes):
    job = job.moved_to(JobStatus.PROVISIONING, started_at=CREATED + timedelta(seconds=2))
    return job.moved_to(JobStatus.FAILURE, completed_at=CREATED + timedelta(seconds=12.25), **changes)


def test_what_is_packed_comes_back_exactly(job):
    fields = {
        "exec_duration_s": 0.1,
        "cpu_seconds": 1 / 3,
        "peak_memory_bytes": 2**40 + 1,
        "compute_cost_euro_millicents": 123,
    }
    (figures,) = unpacked(packed(ended(job, **fields)))
    assert figures["created_us"] == int(CREATED.timestamp()) * 1_000_000 + 123_456
    assert (figures["waiting_s"], figures["duration_s"]) == (2, 10.25)
    assert (figures["exec_duration_s"], figures["cpu_seconds"]) == (0.1, 1 / 3)
    assert (figures["peak_memory_bytes"], figures["cost_euro_millicents"]) == (2**40 + 1, 123)


def test_what_is_unknown_is_not_a_number(job):
    (figures,) = unpacked(packed(job))
    assert all(math.isnan(figures[name]) for name in FIGURES.names if name != "created_us")


def test_many_are_read_at_once(job):
    assert len(unpacked(packed(job) * 1000)) == 1000
    assert len(unpacked(b"")) == 0


def test_jobs_are_kept_by_the_time_of_their_creation_in_any_zone(job):
    figures = unpacked(packed(job))
    tokyo = timezone(timedelta(hours=9))
    assert len(created_between(figures, CREATED.astimezone(tokyo), CREATED.astimezone(tokyo))) == 1
    assert len(created_between(figures, CREATED + timedelta(microseconds=1), None)) == 0
    assert len(created_between(figures, None, CREATED - timedelta(microseconds=1))) == 0


@pytest.mark.parametrize(
    ("peak", "working_set", "needed"),
    [
        (None, None, None),
        (GB // 2, GB // 4, GB // 2),
        (GB, GB // 4, GB // 4),  # the rest were pages of the files that it read
        (GB, None, GB),
    ],
)
def test_a_peak_at_the_limit_says_little_about_the_need(job, peak, working_set, needed):
    metrics = {"totals": {"peak_working_set_bytes": working_set}} if working_set else {}
    assert needed_memory_bytes(job.changed(peak_memory_bytes=peak, runtime_metrics=metrics)) == needed
