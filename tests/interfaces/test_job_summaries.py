"""Tables of many jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from job_groups import DAY, a_group
from records import a_component, a_finished_job, a_job, a_stored_image

from interfaces import ComponentJob
from interfaces.database.job_records import save_job
from interfaces.errors import DefinitionError
from interfaces.job_status import BY, JobStatus
from interfaces.job_summaries import MEASURES, summarise

FAILED = {"status": JobStatus.FAILURE}


def table(*groups, by=("component",), of_succeeded=True):
    return summarise(groups, by, of_succeeded=of_succeeded)


def test_each_measure_has_its_mean_median_95th_percentile_and_highest():
    numbers = [float(n) for n in range(1, 101)]
    (row,) = table(a_group(100, **dict.fromkeys(MEASURES, numbers))).to_dict("records")
    for measure in MEASURES:
        told = [row[f"{what}_{measure}"] for what in ("mean", "median", "p95", "max")]
        assert told == pytest.approx([50.5, 50.5, 95.05, 100])
    assert row["total_cost_euro_millicents"] == 5050


def test_durations_are_those_of_succeeded_jobs_above_zero():
    found = table(a_group(3, duration_s=[0, 10, 20]), a_group(2, duration_s=99, waiting_s=4, **FAILED))
    assert found["mean_duration_s"].tolist() == [15]
    assert found["mean_waiting_s"].tolist() == [4]  # whatever became of them, they waited
    assert (found["jobs"][0], found["succeeded"][0], found["failed"][0]) == (5, 3, 2)


def test_by_status_the_durations_of_failures_are_told_too():
    groups = [a_group(2, duration_s=10), a_group(1, duration_s=99, **FAILED)]
    found = table(*groups, by=("status",), of_succeeded=False)
    assert found[["status", "jobs", "mean_duration_s"]].to_numpy().tolist() == [["FAILURE", 1, 99], ["SUCCESS", 2, 10]]


def test_days_are_those_of_utc():
    late = DAY + timedelta(hours=23, minutes=59)
    found = table(a_group(1), a_group(2, created=late), a_group(4, created=late + timedelta(minutes=1)), by=("day",))
    assert found["day"].tolist() == [pd.Timestamp(DAY), pd.Timestamp(DAY + timedelta(days=1))]
    assert found["jobs"].tolist() == [3, 4]


def test_days_before_1970_and_long_pauses_are_no_trouble():
    first, last = datetime(1969, 12, 31, 23, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
    found = table(a_group(1, created=last), a_group(1, created=first), by=("day",))
    assert [day.date().isoformat() for day in found["day"]] == ["1969-12-31", "2031-01-01"]


def test_verdicts_are_counted_by_kind_and_only_where_there_are_any():
    found = table(
        a_group(5),
        a_group(2, verdict="memory_limit", **FAILED),
        a_group(3, verdict="time_limit", **FAILED),
        a_group(1, component="other"),
    )
    verdicts = {name: found[name].tolist() for name in found if name.startswith("verdict_")}
    assert verdicts == {"verdict_memory_limit": [2, 0], "verdict_time_limit": [3, 0]}


def test_jobs_that_are_on_their_way_count_as_jobs_alone():
    (row,) = table(a_group(2, status=JobStatus.EXECUTING, waiting_s=1)).to_dict("records")
    assert (row["jobs"], row["succeeded"], row["failed"], row["cancelled"]) == (2, 0, 0, 0)
    assert np.isnan(row["mean_duration_s"])


def test_without_a_column_to_tell_apart_there_is_one_row():
    assert table(a_group(2), a_group(3, component="other"), by=())["jobs"].tolist() == [5]


@pytest.mark.parametrize("by", [(), ("component",), ("day",), BY])
def test_no_jobs_make_a_table_with_the_same_columns(by):
    empty, full = table(by=by), table(a_group(1), by=by)
    assert empty.empty
    assert list(empty.columns) == list(full.columns)
    assert [str(empty[name].dtype) for name in by if name != "day"] == [
        str(full[name].dtype) for name in by if name != "day"
    ]
    assert "day" not in by or str(empty["day"].dt.tz) == "UTC"


def test_a_column_that_is_none_is_named():
    with pytest.raises(DefinitionError, match="can't be summarised by 'user', only by component, image, status, day"):
        table(by=("component", "user"))


@pytest.mark.parametrize("by", [("component", "day"), ("day", "image", "status"), ("status",), BY])
def test_a_table_of_stored_jobs_agrees_with_pandas(site, by):
    random = np.random.default_rng(7)
    images = [
        a_stored_image(site, a_component(slug=slug, title=slug), "sha256:" + digit * 64)
        for slug, digit in (("one", "a"), ("one", "b"), ("two", "c"))
    ]
    for number in range(60):
        a_finished_job(
            site,
            images[number % 3],
            seconds=float(random.gamma(2, 30)),
            status=JobStatus(random.choice([3, 4, 5])),
            created=DAY + timedelta(hours=7 * number),
        )
    jobs = ComponentJob.objects.with_duration()
    jobs = jobs.assign(day=jobs["created"].dt.floor("D"), seconds=jobs["duration"].dt.total_seconds())
    seconds = jobs["seconds"].where((jobs["status"] == "SUCCESS") | ("status" in by))
    expected = seconds.groupby([jobs[name] for name in by], sort=True)
    found = ComponentJob.objects.summary(by)
    assert found["jobs"].tolist() == expected.size().tolist()
    np.testing.assert_allclose(found["mean_duration_s"], expected.mean())
    np.testing.assert_allclose(found["median_duration_s"], expected.median())
    np.testing.assert_allclose(found["p95_duration_s"], expected.quantile(0.95))


def test_a_summary_takes_the_same_filters(site):
    image = a_stored_image(site, a_component())
    other = a_stored_image(site, a_component(slug="other", title="Other"), "sha256:" + "b" * 64)
    for number in range(4):
        a_finished_job(site, image, seconds=number + 1, created=DAY + timedelta(days=number))
    a_finished_job(site, other, seconds=9, status=JobStatus.FAILURE, created=DAY)

    def count(**filters):
        return ComponentJob.objects.summary([], **filters)["jobs"].tolist()

    assert count() == [5]
    assert count(component="other") == count(image=other.sha256) == count(status="failure") == [1]
    assert count(since=DAY + timedelta(days=1), until=DAY + timedelta(days=2)) == [2]
    assert count(component="nobody") == []
    with pytest.raises(DefinitionError, match="no status 'fine', only PENDING"):
        count(status="fine")


def test_a_job_is_in_the_summary_as_it_was_last_saved(site):
    queued = a_job(a_stored_image(site, a_component()))
    for record in (queued, queued.moved_to(JobStatus.FAILURE, verdict={"kind": "memory_limit"})):
        with site.database.session() as session:
            save_job(session, record)
    (row,) = ComponentJob.objects.summary().to_dict("records")
    assert (row["jobs"], row["failed"], row["verdict_memory_limit"]) == (1, 1, 1)
