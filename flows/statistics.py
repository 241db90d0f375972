"""How long jobs take, what they need and cost, and how they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
from prefect import task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE

from flows.calling import component_flow
from flows.statistics_tables import jobs_table, limits_table, markdown
from interfaces.suggested_limits import LEAST_RUNS
from tasks.in_thread import in_thread
from tasks.job_statistics import summarised


@task(name="summarise jobs", cache_policy=NO_CACHE)
async def summarise_jobs(component: str | None, since: datetime | None) -> pd.DataFrame:
    """One row an image; see `summarised`."""
    return await in_thread(summarised, component, since=since)


@component_flow(name="job-statistics")
async def job_statistics(component: str | None = None, days: float | None = None) -> pd.DataFrame:
    """Summarise all jobs by component and image, and show the tables in the Prefect UI.

    Args:
        component: Slug of one component, or None for all.
        days: Only jobs that were created in so many days up to now; None: all.

    Returns:
        One row an image of a component; the columns are those of `tasks.job_statistics.summarised`.
    """
    since = datetime.now(UTC) - timedelta(days=days) if days is not None else None
    table = await summarise_jobs(component, since)
    await acreate_markdown_artifact(report(table), key="job-statistics", description="Jobs by component and image")
    return table


def report(table: pd.DataFrame) -> str:
    """The tables as an artifact's text.

    Args:
        table: From `tasks.job_statistics.summarised`.
    """
    if table.empty:
        return "No jobs yet."
    limits = limits_table(table)
    suggestions = (
        f"What {LEAST_RUNS} or more succeeded runs speak for, for `component.yaml`:\n\n{markdown(*limits)}"
        if limits[1]
        else f"None: no image has {LEAST_RUNS} succeeded runs yet."
    )
    return f"## Jobs\n\n{markdown(*jobs_table(table))}\n\n## Suggested limits\n\n{suggestions}\n"


ajob_statistics = job_statistics.aio
"""The async twin of `job_statistics`."""
