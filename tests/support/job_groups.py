"""Figures of many jobs, without the jobs."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from interfaces.database.figure_records import JobGroup
from interfaces.job_figures import FIGURES
from interfaces.job_status import JobStatus

DAY = datetime(2025, 3, 1, tzinfo=UTC)


def a_group(
    count: int,
    *,
    component: str = "lesion-counter",
    image: str = "sha256:" + "a" * 64,
    status: JobStatus = JobStatus.SUCCESS,
    verdict: str = "",
    created: datetime = DAY,
    **measures: object,
) -> JobGroup:
    """Jobs of one kind; each measure is one number for all of them, or a list."""
    figures = np.zeros(count, FIGURES)
    for name in FIGURES.names or ():
        figures[name] = int(created.timestamp()) * 1_000_000 if name == "created_us" else measures.pop(name, np.nan)
    assert not measures, f"no such measure: {measures}"
    return JobGroup(component=component, image=image, status=status, verdict=verdict, figures=figures)
