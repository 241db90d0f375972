"""Limits that past jobs speak for."""

from __future__ import annotations

import math

import pytest
from job_groups import a_group
from records import a_component, a_finished_job, a_stored_image

from interfaces import ComponentJob
from interfaces.job_status import JobStatus
from interfaces.suggested_limits import COLUMNS, LEAST_RUNS, suggested

GB = 2**30
MB = 2**20
FAILED = {"status": JobStatus.FAILURE}


def runs(count=20, **measures):
    return a_group(count, **{"needed_memory_bytes": GB, "exec_duration_s": 100.0, **measures})


def one(*groups):
    (row,) = suggested(groups).to_dict("records")
    return row


def test_memory_is_the_highest_need_and_a_quarter():
    needs = [1 * GB] * 19 + [4 * GB]
    row = one(runs(needed_memory_bytes=needs))
    assert (row["runs"], row["memory_gb"], row["max_needed_memory_bytes"]) == (20, 5, 4 * GB)


def test_time_is_twice_the_95th_percentile():
    assert one(runs())["time_limit"] == 240  # whole minutes above two


def test_one_run_that_took_long_is_allowed_for():
    row = one(runs(100, exec_duration_s=[100.0] * 99 + [1000.0]))
    assert (row["time_limit"], row["max_exec_duration_s"], row["p95_exec_duration_s"]) == (1260, 1000, 100)


@pytest.mark.parametrize(("need", "suggested_gb"), [(MB, 0.125), (100 * MB, 0.125), (150 * MB, 0.25), (2 * GB, 3)])
def test_memory_is_rounded_up_to_what_a_person_would_write(need, suggested_gb):
    assert one(runs(needed_memory_bytes=need))["memory_gb"] == suggested_gb


def test_too_few_runs_suggest_nothing():
    assert math.isnan(one(runs(LEAST_RUNS - 1))["memory_gb"])
    assert one(runs(LEAST_RUNS))["memory_gb"] > 0


def test_runs_that_were_not_measured_do_not_count():
    row = one(runs(30, needed_memory_bytes=[GB] * 5 + [math.nan] * 25))
    assert row["runs"] == 5
    assert math.isnan(row["time_limit"])


def test_a_limit_that_jobs_ran_into_is_raised():
    row = one(
        runs(),
        a_group(2, verdict="memory_limit", peak_memory_bytes=4 * GB, **FAILED),
        a_group(1, verdict="time_limit", exec_duration_s=600.0, **FAILED),
    )
    assert (row["memory_gb"], row["time_limit"]) == (6, 900)
    assert (row["runs"], row["out_of_memory"], row["out_of_time"]) == (20, 2, 1)


def test_failures_of_other_kinds_say_nothing_about_limits():
    row = one(runs(), a_group(50, verdict="exit_code", needed_memory_bytes=64 * GB, exec_duration_s=9e4, **FAILED))
    assert (row["memory_gb"], row["time_limit"]) == (1.25, 240)


def test_each_image_has_limits_of_its_own_also_one_that_two_components_share():
    table = suggested(
        [runs(image="x"), runs(image="y", needed_memory_bytes=4 * GB), runs(11, component="b", image="x")]
    )
    assert table[["component", "image", "runs", "memory_gb"]].to_numpy().tolist() == [
        ["b", "x", 11, 1.25],
        ["lesion-counter", "x", 20, 1.25],
        ["lesion-counter", "y", 20, 5],
    ]


def test_no_jobs_suggest_nothing():
    assert list(suggested([]).columns) == COLUMNS


def test_stored_jobs_are_asked(site):
    image = a_stored_image(site, a_component())
    for _ in range(3):
        a_finished_job(site, image, seconds=1)
    table = ComponentJob.objects.suggested_limits(component="lesion-counter")
    assert table["image"].tolist() == [image.sha256]
    assert ComponentJob.objects.suggested_limits(component="other").empty
