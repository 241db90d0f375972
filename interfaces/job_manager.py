"""Questions about many jobs: how long they ran, what they needed, with which result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from interfaces.database.tables import ImageRow, JobRow
from interfaces.job_filter import JobFilter
from interfaces.job_status import JobStatus
from interfaces.site import get_site

if TYPE_CHECKING:
    import pandas as pd

    from interfaces.database.figure_records import JobGroup
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
    "cpu_seconds": JobRow.cpu_seconds,
    "compute_cost_euro_millicents": JobRow.compute_cost_euro_millicents,
    "verdict": JobRow.verdict_kind,
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
            cpu_seconds, compute_cost_euro_millicents, verdict (its kind, or "") and error_message.
        """
        import pandas as pd  # takes half a second, which most commands need not wait for

        wanted = JobFilter(component=component, image=image, status=status, since=since, until=until)
        columns: list[Any] = [column.label(name) for name, column in _COLUMNS.items()]
        query = select(*columns).select_from(JobRow).join(ImageRow, JobRow.image_pk == ImageRow.pk)
        with get_site().database.session() as session:
            rows = session.execute(query.where(*wanted.of_jobs()).order_by(JobRow.created, JobRow.id)).all()
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
        wanted = JobFilter(component=component, image=image, status=status, since=since, until=until)
        total, count = 0.0, 0
        for group in _figures(wanted):
            durations = group.figures["duration_s"]
            durations = durations[durations > 0]
            total, count = total + float(durations.sum()), count + len(durations)
        return timedelta(seconds=total / count) if count else None

    def summary(
        self,
        by: Sequence[str] = ("component",),
        *,
        component: str | None = None,
        image: str | None = None,
        status: JobStatus | str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> pd.DataFrame:
        """One row for each component, image, status or day (of creation, in UTC), or each combination of them.

        Args:
            by: Some of "component", "image", "status" and "day"; none: one row for all jobs.
            component: See the class, as for the others.
            image: See the class.
            status: See the class.
            since: See the class.
            until: See the class.

        Returns:
            The columns that were named in `by`, which the rows are sorted by; jobs, succeeded, failed, cancelled
            (counts); mean_, median_, p95_ and max_ of duration_s, waiting_s (seconds from the creation to the first use
            of the machine), peak_memory_bytes and cost_euro_millicents; total_cost_euro_millicents; and verdict_KIND
            for each kind of verdict that there is (counts). Durations are those of succeeded jobs, unless the table or
            the filter tells statuses apart, and of those above zero. What is not known of any job is missing.

        Raises:
            DefinitionError: A table can't be made by one of `by`.
        """
        from interfaces.job_summaries import summarise

        wanted = JobFilter(component=component, image=image, status=status, since=since, until=until)
        return summarise(_figures(wanted), by, of_succeeded="status" not in by and status is None)

    def suggested_limits(
        self,
        *,
        component: str | None = None,
        image: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> pd.DataFrame:
        """Limits that what was seen of each component's image speaks for; see `interfaces.suggested_limits`.

        Returns:
            One row an image: component, image, runs (succeeded ones that the suggestion rests on), memory_gb and
            time_limit (seconds) as suggested (missing below ten runs), p95_needed_memory_bytes,
            max_needed_memory_bytes, p95_exec_duration_s, max_exec_duration_s, and how many jobs ran out_of_memory and
            out_of_time.
        """
        from interfaces.suggested_limits import suggested

        return suggested(_figures(JobFilter(component=component, image=image, since=since, until=until)))


def _figures(wanted: JobFilter) -> list[JobGroup]:
    from interfaces.database.figure_records import read_figures

    with get_site().database.session() as session:
        return read_figures(session, wanted)
