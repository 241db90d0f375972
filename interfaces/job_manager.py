"""Questions about many jobs: how long they ran, with which result."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import ColumnElement, Select, func, select

from interfaces.database.tables import ImageRow, JobRow
from interfaces.job_status import JobStatus
from interfaces.site import get_site

if TYPE_CHECKING:
    from interfaces.jobs import ComponentJob

_COLUMNS = {
    "id": JobRow.id,
    "component": JobRow.component_slug,
    "image": ImageRow.sha256,
    "status": JobRow.status,
    "attempt": JobRow.attempt,
    "created": JobRow.created,
    "started_at": JobRow.started_at,
    "completed_at": JobRow.completed_at,
    "duration": JobRow.duration_s,
    "exec_duration": JobRow.exec_duration_s,
    "peak_memory_bytes": JobRow.peak_memory_bytes,
    "compute_cost_euro_millicents": JobRow.compute_cost_euro_millicents,
    "error_message": JobRow.error_message,
}


class ComponentJobManager:
    """All jobs of the site, or those that a filter leaves.

    Every method takes the same filters: `component` (slug), `image` (its sha256 id), `status` (a `JobStatus` or its
    name), `since` and `until` (bounds of the creation time; a naive time is local).
    """

    def get(self, job_id: str) -> ComponentJob:
        """The job with that id, or the start of one.

        Raises:
            UnknownName: None or several have it.
        """
        from interfaces.database.job_records import load_job

        with get_site().database.session() as session:
            return load_job(session, job_id)

    def with_duration(
        self,
        *,
        component: str | None = None,
        image: str | None = None,
        status: JobStatus | str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> pd.DataFrame:
        """One row a job, the newest last, with its duration.

        Returns:
            The columns id, component, image, status (its name), attempt, created, started_at, completed_at (times in
            UTC), duration and exec_duration (timedeltas; missing until the job has ended), peak_memory_bytes,
            compute_cost_euro_millicents and error_message.
        """
        columns: list[Any] = [column.label(name) for name, column in _COLUMNS.items()]
        query = _filtered(
            select(*columns),
            component,
            image,
            status,
            since,
            until,
        ).order_by(JobRow.created, JobRow.id)
        with get_site().database.session() as session:
            rows = session.execute(query).all()
        table = pd.DataFrame.from_records([tuple(row) for row in rows], columns=list(_COLUMNS))
        table["status"] = [JobStatus(code).name for code in table["status"]]
        for name in ("created", "started_at", "completed_at"):
            table[name] = pd.to_datetime(table[name], utc=True)
        for name in ("duration", "exec_duration"):
            table[name] = pd.to_timedelta(pd.to_numeric(table[name]), unit="s")
        return table

    def average_duration(
        self,
        *,
        component: str | None = None,
        image: str | None = None,
        status: JobStatus | str | None = JobStatus.SUCCESS,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> timedelta | None:
        """The mean duration of the succeeded jobs (or those of another status) with a duration above zero.

        Returns:
            The mean, or None where there is no such job.
        """
        query = _filtered(select(func.avg(JobRow.duration_s)), component, image, status, since, until)
        with get_site().database.session() as session:
            mean = session.scalar(query.where(JobRow.duration_s > 0))
        return None if mean is None else timedelta(seconds=float(mean))


def _filtered(
    query: Select[Any],
    component: str | None,
    image: str | None,
    status: JobStatus | str | None,
    since: datetime | None,
    until: datetime | None,
) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = []
    if component is not None:
        conditions.append(JobRow.component_slug == component)
    if image is not None:
        conditions.append(ImageRow.sha256 == image)
    if status is not None:
        conditions.append(JobRow.status == (JobStatus[status.upper()] if isinstance(status, str) else status).value)
    if since is not None:
        conditions.append(JobRow.created >= since.astimezone(UTC))
    if until is not None:
        conditions.append(JobRow.created <= until.astimezone(UTC))
    return query.select_from(JobRow).join(ImageRow, JobRow.image_pk == ImageRow.pk).where(*conditions)
