"""All tables of a period from one reading, and the charts and files made of them."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from altair.vegalite.v5 import load_schema
from jsonschema import Draft7Validator
from PIL import Image
from records import a_component, a_finished_job, a_stored_image

from interfaces.database.job_records import save_job
from interfaces.job_statistics import job_statistics
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.statistics_charts import MOST_VERSIONS, drawn, statistics_charts
from interfaces.statistics_tables import MOST_ROWS, failures_table, markdown
from interfaces.verdicts import VerdictKind
from interfaces.verdicts.advice import GENERAL_ADVICE

DAY = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.fixture
def versions(site):
    """Three versions of two components."""
    return [
        a_stored_image(site, a_component(slug=slug, title=slug), "sha256:" + digit * 64)
        for slug, digit in (("one", "a"), ("one", "b"), ("two", "c"))
    ]


def an_ended_job(site, image, verdict="", *, seconds=10.0, day=0, status=JobStatus.FAILURE):
    job = a_finished_job(site, image, seconds=seconds, status=status, created=DAY + timedelta(days=day))
    if verdict:
        job = job.changed(verdict={"kind": verdict})
        with site.database.session() as session:
            save_job(session, job)
    return job


def test_the_tables_by_image_and_day_agree_with_the_records(site, versions):
    random = np.random.default_rng(3)
    for number in range(60):
        status = JobStatus(random.choice([3, 4, 5]))
        an_ended_job(site, versions[number % 3], seconds=float(random.gamma(2, 30)), day=number % 7, status=status)
    statistics = job_statistics()
    jobs = ComponentJob.objects.with_duration()
    jobs["day"], jobs["seconds"] = jobs["created"].dt.floor("D"), jobs["duration"].dt.total_seconds()
    by_day = jobs.groupby("day")
    assert statistics.jobs == 60
    assert statistics.by_day["day"].tolist() == sorted(jobs["day"].unique().tolist())
    assert statistics.by_day["jobs"].tolist() == by_day.size().tolist()
    for name, status in (("succeeded", "SUCCESS"), ("failed", "FAILURE"), ("cancelled", "CANCELLED")):
        assert (
            statistics.by_day[name].tolist()
            == by_day["status"].agg(lambda some, status=status: (some == status).sum()).tolist()
        )
    succeeded = jobs[jobs["status"] == "SUCCESS"].groupby("day")["seconds"].mean()
    np.testing.assert_allclose(statistics.by_day["mean_duration_s"].dropna(), succeeded)
    np.testing.assert_allclose(statistics.by_day["mean_waiting_s"], 2)
    assert statistics.by_day["total_cost_euro_millicents"].isna().all()
    pd.testing.assert_frame_equal(
        statistics.by_image[["component", "image", "jobs"]],
        ComponentJob.objects.summary(["component", "image"])[["component", "image", "jobs"]],
    )


def test_failures_name_the_newest_job_and_what_to_try(site, versions):
    one, other, _ = versions
    for _ in range(12):
        an_ended_job(site, one, status=JobStatus.SUCCESS)
    an_ended_job(site, one, "time_limit", seconds=99)
    newest = an_ended_job(site, one, "time_limit", seconds=99, day=3)
    an_ended_job(site, other, "time_limit", day=5)
    an_ended_job(site, other)  # of an older release, which gave no verdicts
    table = job_statistics().failures
    told = [tuple(row) for row in table[["component", "verdict", "jobs", "newest_job"]].to_numpy().tolist()]
    assert told[0] == ("one", "time_limit", 2, str(newest.id))
    assert sorted(row[1] for row in told[1:]) == ["time_limit", "unknown"]
    assert table["part"][0] == pytest.approx(2 / 14)
    assert table["advice"][1:].tolist() != table["advice"][:1].tolist() * 2
    assert all(
        GENERAL_ADVICE[VerdictKind.TIME_LIMIT] in row["advice"]
        for row in table.to_dict("records")
        if row["verdict"] == "time_limit"
    )


def test_every_kind_of_verdict_has_something_to_try():
    assert set(GENERAL_ADVICE) == set(VerdictKind)
    assert all(20 < len(text) < 130 for text in GENERAL_ADVICE.values())


def test_charts_have_units_and_are_pictures_that_can_be_read(site, versions):
    for number in range(30):
        an_ended_job(site, versions[number % 3], seconds=10.0 ** (number % 3 + 1), status=JobStatus.SUCCESS, day=number)
    an_ended_job(site, versions[0], "exit_code")
    charts = statistics_charts(job_statistics())
    assert {chart.name: chart.title for chart in charts} == {
        "outcomes": "Jobs a day",
        "duration": "Duration of succeeded jobs (minutes)",
        "waiting": "Waiting before the machine was used (seconds)",
        "failures": "What went wrong (jobs)",
    }  # none of memory and cost, of which nothing is known
    schema = Draft7Validator(load_schema())
    for chart, picture in zip(charts, drawn(charts), strict=True):
        schema.validate(chart.specification)
        image = Image.open(io.BytesIO(picture))
        assert (image.format, image.width) == ("PNG", 1200)
        assert len(picture) < 60_000
        assert len(image.convert("RGB").getcolors()) > 10


def test_many_versions_and_days_stay_one_legible_chart(site):
    for number in range(MOST_VERSIONS + 5):
        image = a_stored_image(site, a_component(), f"sha256:{number:064x}")
        for _ in range(1 if number < 5 else 2):
            an_ended_job(site, image, day=30 * number, status=JobStatus.SUCCESS)
    outcomes, duration, *_ = statistics_charts(job_statistics())
    assert outcomes.title == "Jobs a week"
    assert "5 more are in the table" in duration.text
    assert len({one["version"] for one in duration.specification["layer"][0]["data"]["values"]}) <= MOST_VERSIONS


def test_without_jobs_there_are_no_charts(site):
    assert statistics_charts(job_statistics()) == []
    assert drawn([]) == []


def test_a_table_in_markdown_obeys_nothing_and_has_an_end():
    text = markdown(["a"], [["<img src=x> | [link](http://x)"]] * (MOST_ROWS + 2))
    assert "<img" not in text and "[link](" not in text and "x> |" not in text
    assert text.count("\n|") == MOST_ROWS + 1
    assert text.endswith("2 more rows are not shown here.")


def test_a_job_that_has_gone_meanwhile_is_a_dash(site, versions):
    an_ended_job(site, versions[0], "exit_code")
    table = job_statistics().failures.assign(newest_job="")
    _, (row,) = failures_table(table)
    assert "\N{EN DASH}" in row
