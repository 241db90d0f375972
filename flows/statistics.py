"""How long jobs take, what they need and cost, and how they end."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from prefect import task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE

from flows.calling import component_flow
from interfaces.access import checked_output
from interfaces.job_statistics import JobStatistics
from interfaces.job_statistics import job_statistics as read_statistics
from interfaces.periods import moment
from interfaces.statistics_charts import Chart, drawn, statistics_charts
from interfaces.statistics_files import write_csv
from interfaces.statistics_tables import days_table, failures_table, jobs_table, limits_table, markdown
from interfaces.suggested_limits import LEAST_RUNS
from tasks.in_thread import in_thread
from tasks.run_logging import run_logger


@task(name="summarise jobs", cache_policy=NO_CACHE)
async def summarise_jobs(component: str | None, since: datetime | None, until: datetime | None) -> JobStatistics:
    """The tables; see `interfaces.job_statistics`."""
    return await in_thread(read_statistics, component, since=since, until=until)


@task(name="write CSV files", cache_policy=NO_CACHE)
async def write_tables(statistics: JobStatistics, folder: Path) -> list[Path]:
    """The tables as files; see `interfaces.statistics_files`."""
    return await in_thread(write_csv, statistics, folder)


@task(name="draw charts", cache_policy=NO_CACHE)
async def draw_charts(charts: list[Chart]) -> list[bytes]:
    """The pictures of the charts; see `interfaces.statistics_charts`."""
    return await in_thread(drawn, charts)


@component_flow(name="job-statistics", flow_run_name="job-statistics")
async def job_statistics(
    component: str | None = None,
    since: str | None = None,
    until: str | None = None,
    csv_folder: Path | None = None,
) -> JobStatistics:
    """Summarise jobs by component and image version, and show tables and charts in the Prefect UI.

    Args:
        component: Slug of one component, or None for all.
        since: Only jobs that were created from then on: an age (``30d``) or a date; None: from the beginning.
        until: Only jobs that were created up to then.
        csv_folder: Where the tables are written as CSV files, replacing those of the last time; None: nowhere.

    Raises:
        DefinitionError: `since` or `until` is neither an age nor a date.
        ServiceUnavailable: The CSV files can't be written.
    """
    csv_folder = checked_output(csv_folder) if csv_folder is not None else None
    first, last = (moment(one) if one else None for one in (since, until))
    statistics = await summarise_jobs(component, first, last)
    charts = statistics_charts(statistics)
    pictures = await draw_charts(charts) if charts else []
    page = report(statistics, zip(charts, pictures, strict=True))
    await acreate_markdown_artifact(page, key="job-statistics", description="Jobs by component and image version")
    if csv_folder is not None:
        for path in await write_tables(statistics, csv_folder):
            run_logger().info("Wrote %s", path)
    return statistics


def report(statistics: JobStatistics, charts: Iterable[tuple[Chart, bytes]] = ()) -> str:
    """The tables and charts as an artifact's text.

    Args:
        statistics: The tables.
        charts: With their pictures (PNG).
    """
    if not statistics.jobs:
        return "No jobs yet."
    limits, failures = limits_table(statistics.limits), failures_table(statistics.failures)
    suggestions = (
        f"What {LEAST_RUNS} or more succeeded runs speak for, for `component.yaml`:\n\n{markdown(*limits)}"
        if limits[1]
        else f"None: no image has {LEAST_RUNS} succeeded runs yet."
    )
    parts = [
        f"## Jobs\n\n{_period(statistics)}{markdown(*jobs_table(statistics.by_image))}",
        *(_picture(chart, picture) for chart, picture in charts),
        f"## Failures\n\n{markdown(*failures) if failures[1] else 'None.'}",
        f"## Suggested limits\n\n{suggestions}",
        f"## Days\n\n{markdown(*_newest_first(days_table(statistics.by_day)))}",
    ]
    return "\n\n".join(parts) + "\n"


def _period(statistics: JobStatistics) -> str:
    words = [
        f"{word} {one.astimezone():%Y-%m-%d %H:%M %Z}"
        for word, one in (("from", statistics.since), ("to", statistics.until))
        if one is not None
    ]
    return f"Jobs that were created {' '.join(words)}.\n\n" if words else ""


def _picture(chart: Chart, picture: bytes) -> str:
    data = b64encode(picture).decode()
    return f"### {chart.title}\n\n![{chart.text}](data:image/png;base64,{data})"


def _newest_first(table: tuple[list[str], list[list[str]]]) -> tuple[list[str], list[list[str]]]:
    header, rows = table
    return header, rows[::-1]


ajob_statistics = job_statistics.aio
"""The async twin of `job_statistics`."""
