"""How long jobs take, what they need, and how they end."""

from __future__ import annotations

import pandas as pd
from prefect import task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE

from flows.calling import component_flow
from tasks.in_thread import in_thread
from tasks.job_statistics import summarised


@task(name="summarise jobs", cache_policy=NO_CACHE)
async def summarise_jobs(component: str | None) -> pd.DataFrame:
    """One row a component; see `summarised`."""
    return await in_thread(summarised, component)


@component_flow(name="job-statistics")
async def job_statistics(component: str | None = None) -> pd.DataFrame:
    """Summarise all jobs by component, and show the table in the Prefect UI.

    Args:
        component: Slug of one component, or None for all.

    Returns:
        One row a component; the columns are those of `tasks.job_statistics.summarised`.
    """
    table = await summarise_jobs(component)
    await acreate_markdown_artifact(_markdown(table), key="job-statistics", description="Jobs by component")
    return table


def _markdown(table: pd.DataFrame) -> str:
    header = "| " + " | ".join(table.columns) + " |\n|" + "---|" * len(table.columns)
    rows = ["| " + " | ".join(_cell(one) for one in row) + " |" for row in table.itertuples(index=False)]
    return "\n".join([header, *rows])


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.2f}"
    return str(value)


ajob_statistics = job_statistics.aio
"""The async twin of `job_statistics`."""
