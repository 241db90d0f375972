"""The statistics of many jobs, for people and for programs."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt
from records import a_component, a_job, a_stored_image

from flows import job_statistics
from flows.commands.statistics import stats
from flows.statistics import report
from interfaces.database.job_records import save_job
from interfaces.errors import DefinitionError, ServiceUnavailable
from interfaces.job_statistics import job_statistics as read_statistics
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob

GB = 2**30
CREATED = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def image(site):
    return a_stored_image(site, a_component())


def ended(site, image, seconds, *, status=JobStatus.SUCCESS, day=0, **changes):
    created = CREATED + timedelta(days=day)
    start = created + timedelta(seconds=4)
    job = a_job(image, created=created, requires_memory_gb=4).moved_to(JobStatus.PROVISIONING, started_at=start)
    for step in (JobStatus.PROVISIONED, JobStatus.EXECUTING, JobStatus.EXECUTED, JobStatus.PARSING):
        job = job.moved_to(step)
    job = job.moved_to(
        status,
        completed_at=start + timedelta(seconds=seconds),
        exec_duration_s=seconds,
        peak_memory_bytes=GB,
        compute_cost_euro_millicents=50_000,
        **changes,
    )
    with site.database.session() as session:
        save_job(session, job)


@pytest.fixture
def jobs(site, image):
    for number in range(10):
        ended(site, image, 60, day=number % 2)
    for _ in range(2):
        ended(site, image, 10, status=JobStatus.FAILURE, verdict={"kind": "exit_code"})


def told(*arguments):
    done = CliRunner().invoke(stats, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_without_jobs_it_says_so(site):
    assert told() == "no jobs yet\n"
    assert told("lesion-counter") == "no such jobs\n"
    assert json.loads(told("--json")) == {"jobs": [], "days": [], "failures": []}
    assert report(read_statistics()) == "No jobs yet."


def test_durations_waiting_memory_cost_failures_and_limits_are_told(jobs):
    header, row, _, failures, _, failure, _, title, limits, suggestion = told().splitlines()
    assert row.split() == [
        "lesion-counter", "aaaaaaaaaaaa", "12", "10", "2", "0", "1", "min", "00", "s", "1", "min", "00", "s",
        "1", "min", "00", "s", "4.00", "s", "4.00", "s", "1", "GB", "1", "GB", "6.00", "EUR", "2", "exit", "code",
    ]  # fmt: skip
    assert header.split()[-2:] == ["cost", "failures"]
    assert failures == "what went wrong:"
    assert failure.split()[:7] == ["lesion-counter", "aaaaaaaaaaaa", "exit", "code", "2", "16.7", "%"]
    assert failure.endswith("its own code failed; 'component-flows logs' has its last lines")
    assert title == "limits that 10 or more succeeded runs speak for:"
    assert limits.split()[:6] == ["component", "image", "memory_gb", "time_limit", "from", "runs"]
    assert suggestion.split()[:5] == ["lesion-counter", "aaaaaaaaaaaa", "1.25", "120", "10"]


def test_too_few_runs_suggest_no_limits(site, image):
    ended(site, image, 60)
    assert "speak for" not in told()
    assert "no image has 10 succeeded runs yet" in report(read_statistics())


def test_json_has_every_figure(jobs):
    document = json.loads(told("--json"))
    (row,), (failure,) = document["jobs"], document["failures"]
    assert (row["jobs"], row["verdict_exit_code"], row["p95_duration_s"]) == (12, 2, 60)
    assert (row["suggested_memory_gb"], row["suggested_time_limit"], row["runs"]) == (1.25, 120, 10)
    assert [(day["day"], day["jobs"], day["failed"]) for day in document["days"]] == [
        ("2025-03-01", 7, 2),
        ("2025-03-02", 5, 0),
    ]
    assert failure["newest"] == "2025-03-01T12:00:00Z"
    assert ComponentJob.objects.get(failure["newest_job"]).verdict == {"kind": "exit_code"}


def test_by_day_and_status_and_in_a_period(jobs):
    rows = json.loads(told("--by", "day", "--by", "status", "--json"))
    counts = [(row["day"], row["status"], row["jobs"]) for row in rows]
    assert counts == [("2025-03-01", "FAILURE", 2), ("2025-03-01", "SUCCESS", 5), ("2025-03-02", "SUCCESS", 5)]
    (row,) = json.loads(told("--since", "2025-03-02", "--json"))["jobs"]
    assert row["jobs"] == 5
    (row,) = json.loads(told("--until", "2025-03-01T23:59+00:00", "--json"))["jobs"]
    assert row["jobs"] == 7
    assert told("--since", "30d") == "no such jobs\n"
    with pytest.raises(DefinitionError, match="'yesterday' is neither an age such as 30d nor a date"):
        told("--since", "yesterday")


def test_csv_files_have_all_rows(jobs, tmp_path):
    folder = tmp_path / "new" / "statistics"
    for _ in range(2):  # the second time replaces the first
        told("--csv", str(folder))
    tables = {path.name: pd.read_csv(path) for path in folder.iterdir()}
    assert {name: len(table) for name, table in tables.items()} == {
        "jobs.csv": 1, "days.csv": 2, "failures.csv": 1, "suggested-limits.csv": 1,
    }  # fmt: skip
    assert tables["jobs.csv"]["total_cost_euro_millicents"].tolist() == [600_000]
    assert tables["suggested-limits.csv"]["memory_gb"].tolist() == [1.25]


def test_a_folder_that_can_not_be_written_to_is_named(jobs, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(ServiceUnavailable, match=r"can't be written to the folder .*taken/below: Not a directory"):
        told("--csv", str(tmp_path / "taken" / "below"))


def test_the_flow_gives_the_tables_and_shows_them_with_charts_in_prefect(jobs, ask, tmp_path):
    statistics = job_statistics(since="2025-02-28", csv_folder=tmp_path / "csv")
    assert statistics.by_image["jobs"].tolist() == [12]
    assert statistics.by_image["suggested_memory_gb"].tolist() == [1.25]
    assert (tmp_path / "csv" / "days.csv").exists()

    async def artifact(client):
        from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

        key = ArtifactFilter(key=ArtifactFilterKey(any_=["job-statistics"]))
        return max(await client.read_artifacts(artifact_filter=key), key=lambda one: one.created)

    page = MarkdownIt("commonmark").enable("table").render(ask(artifact).data)
    rows = [re.findall("<td>(.*?)</td>", row) for row in re.findall("<tr>(.*?)</tr>", page, re.DOTALL)]
    assert ["lesion-counter", "aaaaaaaaaaaa", "12", "10", "2", "0"] in [row[:6] for row in rows]
    assert ["lesion-counter", "aaaaaaaaaaaa", "1.25", "120", "10"] in [row[:5] for row in rows]
    assert ["lesion-counter", "aaaaaaaaaaaa", "exit code", "2", "16.7 %"] in [row[:5] for row in rows]
    pictures = re.findall('src="data:image/png;base64,(.*?)"', page)
    assert len(pictures) == 6
    assert all(b64decode(one).startswith(b"\x89PNG") for one in pictures)
