"""Durations, waiting, memory, cost, failures and suggested limits of many jobs in one table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from interfaces.jobs import ComponentJob

BY_IMAGE = ("component", "image")


def summarised(
    component: str | None = None, *, by: Sequence[str] = BY_IMAGE, since: datetime | None = None
) -> pd.DataFrame:
    """One row an image of a component, or whatever the table is made by.

    Args:
        component: Slug of one component, or None for all.
        by: Some of component, image, status and day.
        since: First moment of creation; None: from the beginning.

    Returns:
        The columns of `ComponentJobManager.summary`; by component and image also suggested_memory_gb,
        suggested_time_limit (seconds; both missing below ten runs), and runs, which they rest on.

    Raises:
        DefinitionError: A table can't be made by one of `by`.
    """
    table = ComponentJob.objects.summary(by, component=component, since=since)
    if tuple(by) != BY_IMAGE:
        return table
    limits = ComponentJob.objects.suggested_limits(component=component, since=since)
    limits = limits.rename(columns={"memory_gb": "suggested_memory_gb", "time_limit": "suggested_time_limit"})
    kept = [*BY_IMAGE, "runs", "suggested_memory_gb", "suggested_time_limit"]
    return table.merge(limits[kept], on=list(BY_IMAGE), how="left")
