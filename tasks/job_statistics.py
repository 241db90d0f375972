"""Durations, memory and failures of many jobs, by component."""

from __future__ import annotations

import pandas as pd

from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob

COLUMNS = [
    "component",
    "jobs",
    "succeeded",
    "failed",
    "cancelled",
    "mean_duration_s",
    "median_duration_s",
    "p95_duration_s",
    "mean_waiting_s",
    "peak_memory_mb",
]


def summarised(component: str | None = None) -> pd.DataFrame:
    """One row a component, over all of its jobs.

    Args:
        component: Slug of one component, or None for all.

    Returns:
        The columns component, jobs, succeeded, failed, cancelled (counts), mean_duration_s, median_duration_s and
        p95_duration_s (seconds, of succeeded jobs with a duration above zero), mean_waiting_s (seconds from creation to
        start) and peak_memory_mb (the highest of all jobs, in MiB). Missing where there is nothing to count.
    """
    jobs = ComponentJob.objects.with_duration(component=component)
    if jobs.empty:
        return pd.DataFrame(columns=COLUMNS)
    seconds = jobs["duration"].dt.total_seconds()
    jobs = jobs.assign(
        seconds=seconds.where((jobs["status"] == JobStatus.SUCCESS.name) & (seconds > 0)),
        waiting=(jobs["started_at"] - jobs["created"]).dt.total_seconds(),
        memory=pd.to_numeric(jobs["peak_memory_bytes"]) / 2**20,
    )
    groups = jobs.groupby("component", sort=True)
    table = pd.DataFrame(
        {
            "jobs": groups.size(),
            "succeeded": groups["status"].agg(lambda column: (column == JobStatus.SUCCESS.name).sum()),
            "failed": groups["status"].agg(lambda column: (column == JobStatus.FAILURE.name).sum()),
            "cancelled": groups["status"].agg(lambda column: (column == JobStatus.CANCELLED.name).sum()),
            "mean_duration_s": groups["seconds"].mean(),
            "median_duration_s": groups["seconds"].median(),
            "p95_duration_s": groups["seconds"].quantile(0.95),
            "mean_waiting_s": groups["waiting"].mean(),
            "peak_memory_mb": groups["memory"].max(),
        }
    )
    return table.reset_index()[COLUMNS]
