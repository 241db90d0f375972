"""The statistics of many jobs, for people and for programs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from records import a_component, a_job, a_stored_image

from flows import job_statistics
from flows.commands.statistics import stats
from flows.statistics import report
from interfaces.database.job_records import save_job
from interfaces.job_status import JobStatus
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks.job_statistics import summarised

GB = 2**30
CREATED = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def site(home, tmp_path, monkeypatch):
    """A site without jobs that shares the tests' server."""
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    yield get_site()
    get_site().database.close()
    get_settings.cache_clear()


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
    assert json.loads(told("--json")) == []
    assert report(summarised()) == "No jobs yet."


def test_durations_waiting_memory_cost_failures_and_limits_are_told(jobs):
    header, row, _, title, limits, suggestion = told().splitlines()
    assert row.split() == [
        "lesion-counter", "aaaaaaaaaaaa", "12", "10", "2", "0", "1", "min", "00", "s", "1", "min", "00", "s",
        "1", "min", "00", "s", "4.00", "s", "1024", "MB", "1024", "MB", "6.00", "EUR", "2", "exit", "code",
    ]  # fmt: skip
    assert header.split()[-2:] == ["cost", "failures"]
    assert title == "limits that 10 or more succeeded runs speak for:"
    assert limits.split() == ["component", "image", "memory_gb", "time_limit", "from", "runs"]
    assert suggestion.split() == ["lesion-counter", "aaaaaaaaaaaa", "1.25", "120", "10"]


def test_too_few_runs_suggest_no_limits(site, image):
    ended(site, image, 60)
    assert "speak for" not in told()
    assert "no image has 10 succeeded runs yet" in report(summarised())


def test_json_has_every_figure(jobs):
    (row,) = json.loads(told("--json"))
    assert (row["jobs"], row["verdict_exit_code"], row["p95_duration_s"]) == (12, 2, 60)
    assert (row["suggested_memory_gb"], row["suggested_time_limit"], row["runs"]) == (1.25, 120, 10)


def test_by_day_and_status_and_from_some_time_on(jobs):
    rows = json.loads(told("--by", "day", "--by", "status", "--json"))
    counts = [(row["day"], row["status"], row["jobs"]) for row in rows]
    assert counts == [("2025-03-01", "FAILURE", 2), ("2025-03-01", "SUCCESS", 5), ("2025-03-02", "SUCCESS", 5)]
    (row,) = json.loads(told("--since", "2025-03-02", "--json"))
    assert row["jobs"] == 5


def test_the_flow_gives_the_table_and_shows_it_in_prefect(jobs, ask):
    table = job_statistics()
    assert table["jobs"].tolist() == [12]
    assert table["suggested_memory_gb"].tolist() == [1.25]

    async def artifact(client):
        from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

        key = ArtifactFilter(key=ArtifactFilterKey(any_=["job-statistics"]))
        return max(await client.read_artifacts(artifact_filter=key), key=lambda one: one.created)

    text = ask(artifact).data
    assert "| lesion-counter | aaaaaaaaaaaa | 12 | 10 | 2 | 0 |" in text
    assert "2 exit code |" in text
    assert "| lesion-counter | aaaaaaaaaaaa | 1.25 | 120 | 10 |" in text


def test_the_flow_can_look_at_the_last_days_alone(jobs):
    assert job_statistics(days=1).empty
