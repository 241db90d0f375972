"""`JobStatistics`: what many jobs were like, in tables; all of them from one reading of the jobs' figures.

Durations, waiting, memory and cost by image, outcomes by day, failures by verdict, and suggested limits. A million jobs
take well below a second, since no row is read (see `interfaces.job_figures`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from interfaces.database.figure_records import JobGroup, read_figures
from interfaces.database.tables import ImageRow, JobRow
from interfaces.job_filter import JobFilter
from interfaces.job_status import FINAL, JobStatus
from interfaces.job_summaries import by_day, summarise
from interfaces.site import get_site
from interfaces.suggested_limits import suggested
from interfaces.verdicts import VerdictKind
from interfaces.verdicts.advice import GENERAL_ADVICE

BY_IMAGE = ("component", "image")
FAILURES = ("component", "image", "verdict", "jobs", "part", "newest", "newest_job", "advice")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LIMIT_HIT = {
    VerdictKind.MEMORY_LIMIT: "memory_gb",
    VerdictKind.MEMORY_WARNING: "memory_gb",
    VerdictKind.PYTHON_MEMORY_ERROR: "memory_gb",
    VerdictKind.TIME_LIMIT: "time_limit",
}


@dataclass(frozen=True, kw_only=True)
class JobStatistics:
    """Tables of the jobs of a period.

    Attributes:
        since: First moment of creation; None: from the beginning.
        until: Last moment of creation; None: up to now.
        by_image: One row an image of a component: the columns of `ComponentJobManager.summary`, then runs,
            suggested_memory_gb and suggested_time_limit (seconds; both missing below ten runs).
        by_day: One row a day with jobs; the columns of `interfaces.job_summaries.by_day`.
        failures: One row an image and kind of verdict, the most frequent first: component, image, verdict (a kind, or
            "unknown"), jobs, part (of the image's jobs that have ended), newest (when its newest one was created),
            newest_job (that job's id), advice (what to try).
        limits: One row an image: the columns of `ComponentJobManager.suggested_limits`.
    """

    since: datetime | None
    until: datetime | None
    by_image: pd.DataFrame
    by_day: pd.DataFrame
    failures: pd.DataFrame
    limits: pd.DataFrame

    @property
    def jobs(self) -> int:
        """How many jobs there are."""
        return int(self.by_image["jobs"].sum())


def job_statistics(
    component: str | None = None, *, since: datetime | None = None, until: datetime | None = None
) -> JobStatistics:
    """What the jobs of a period were like.

    Args:
        component: Slug of one component, or None for all.
        since: First moment of creation; a naive time is local.
        until: Last moment of creation.
    """
    with get_site().database.session() as session:
        groups = read_figures(session, JobFilter(component=component, since=since, until=until))
        limits = suggested(groups)
        return JobStatistics(
            since=since,
            until=until,
            by_image=_with_limits(summarise(groups, BY_IMAGE, of_succeeded=True), limits),
            by_day=by_day(groups),
            failures=_failures(session, groups, limits),
            limits=limits,
        )


def _with_limits(table: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    limits = limits.rename(columns={"memory_gb": "suggested_memory_gb", "time_limit": "suggested_time_limit"})
    kept = [*BY_IMAGE, "runs", "suggested_memory_gb", "suggested_time_limit"]
    return table.merge(limits[kept], on=list(BY_IMAGE), how="left")


def _failures(session: Session, groups: Sequence[JobGroup], limits: pd.DataFrame) -> pd.DataFrame:
    found: dict[tuple[str, str, str], list[JobGroup]] = defaultdict(list)
    ended: dict[tuple[str, str], int] = defaultdict(int)
    for group in groups:
        if group.status in FINAL:
            ended[group.component, group.image] += len(group.figures)
        if group.verdict or group.status is JobStatus.FAILURE:
            found[group.component, group.image, group.verdict or "unknown"].append(group)
    wanted = {(row["component"], row["image"]): row for row in limits.to_dict("records")}
    rows = []
    for (component, image, verdict), some in found.items():
        jobs = sum(len(group.figures) for group in some)
        newest = _EPOCH + timedelta(microseconds=max(int(group.figures["created_us"].max()) for group in some))
        rows.append(
            {
                "component": component,
                "image": image,
                "verdict": verdict,
                "jobs": jobs,
                # A warning of a job that goes on is no part of those that have ended.
                "part": jobs / max(jobs, ended[component, image]),
                "newest": newest,
                "newest_job": _job_of(session, component, image, newest, (group.verdict for group in some)),
                "advice": _advice(verdict, wanted[component, image]),
            }
        )
    table = pd.DataFrame(rows, columns=list(FAILURES))
    order = ["jobs", "component", "image", "verdict"]
    return table.sort_values(order, ascending=[False, True, True, True], ignore_index=True)


def _job_of(session: Session, component: str, image: str, created: datetime, verdicts: Iterable[str]) -> str:
    """The id of a job that was created at a moment, which an index leads to; "" where it has just been removed."""
    query = select(JobRow.id).join(ImageRow, JobRow.image_pk == ImageRow.pk)
    same = query.where(JobRow.created == created, JobRow.component_slug == component, ImageRow.sha256 == image)
    found = session.scalars(same.where(JobRow.verdict_kind.in_(list(verdicts))).limit(1)).first()
    return str(found) if found is not None else ""


def _advice(verdict: str, limits: dict[Any, Any]) -> str:
    if verdict not in set(VerdictKind):
        return "'component-flows show' has the message"
    kind = VerdictKind(verdict)
    limit = _LIMIT_HIT.get(kind)
    if limit is None or pd.isna(limits[limit]):
        return GENERAL_ADVICE[kind]
    return f"{GENERAL_ADVICE[kind]}; the runs so far speak for {limit}: {limits[limit]:g}"
