"""How long jobs are going to take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import a_component, a_finished_job, a_stored_image

from interfaces.estimates import LATEST, PastDurations, estimate, makespan, past_durations, time_left
from interfaces.job_status import JobStatus

NOW = datetime(2025, 3, 1, tzinfo=UTC)
SECONDS = st.lists(st.floats(0.1, 1000), max_size=30)


@pytest.fixture
def image(site):
    return a_stored_image(site, a_component())


def test_an_estimate_is_the_mean_of_succeeded_jobs(site, image):
    for seconds, status in [(10, 4), (20, 4), (0, 4), (500, 3), (700, 5)]:
        a_finished_job(site, image, seconds=seconds, status=JobStatus(status))
    assert estimate("lesion-counter") == 15


def test_without_a_succeeded_job_nothing_is_known(site, image):
    a_finished_job(site, image, seconds=9, status=JobStatus.FAILURE)
    assert estimate("lesion-counter") is None
    assert estimate("nobody") is None
    assert time_left({"lesion-counter": 1}, parallel=1) is None


def test_the_jobs_of_an_image_count_once_it_has_any(site, image):
    new = a_stored_image(site, a_component(), "sha256:" + "b" * 64)
    a_finished_job(site, image, seconds=100)
    assert estimate("lesion-counter", new.sha256) == 100
    a_finished_job(site, new, seconds=10)
    assert estimate("lesion-counter", new.sha256) == 10
    assert estimate("lesion-counter") == 55


def test_only_the_newest_count(site, image):
    for number in range(LATEST + 5):
        a_finished_job(site, image, seconds=1000 if number < 5 else 2, created=NOW + timedelta(seconds=2000 * number))
    assert len(past_durations("lesion-counter").seconds) == LATEST
    assert estimate("lesion-counter") == 2


def test_a_running_job_is_compared_with_those_that_took_longer():
    past = PastDurations((10, 20, 60))
    assert past.remaining_s(0) == past.mean_s == 30
    assert past.remaining_s(15) == pytest.approx((5 + 45) / 2)
    assert past.remaining_s(50) == 10
    assert past.remaining_s(200) == 20  # slower than any before: it need not end at once


def test_the_time_left_is_shared_by_as_many_as_run_at_a_time(site, image):
    a_finished_job(site, image, seconds=60)
    assert time_left({"lesion-counter": 10}, parallel=1) == 600
    assert time_left({"lesion-counter": 10}, parallel=4) == 180
    assert time_left({"lesion-counter": 1}, [("lesion-counter", 40)], parallel=1) == 80
    assert time_left({"lesion-counter": 0, "nobody": 0}, parallel=4) == 0


@pytest.mark.parametrize(
    ("running", "waiting", "parallel", "expected"),
    [
        ([], [], 3, 0),
        ([5], [], 3, 5),
        ([], [4, 4, 4], 2, 8),
        ([10, 1], [4], 2, 10),
        ([10, 1], [4, 4, 4], 2, 13),
        ([1, 2, 3], [5], 1, 8),  # started when more could run at a time
        ([1, 2, 3], [5], 2, 7),
    ],
)
def test_the_last_one_ends_when_each_free_place_took_the_next(running, waiting, parallel, expected):
    assert makespan(running, waiting, parallel=parallel) == expected


@given(SECONDS, SECONDS, st.integers(1, 8))
def test_no_plan_is_quicker_than_all_places_busy_all_the_time(running, waiting, parallel):
    total, longest = sum(running) + sum(waiting), max([0, *running, *waiting])
    found = makespan(running, waiting, parallel=parallel)
    assert found >= max(total / max(parallel, len(running)), longest) - 1e-6
    assert found <= total + 1e-6
