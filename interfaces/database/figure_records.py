"""The figures of many jobs, read by the hundred thousand."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from interfaces.database.joined_bytes import joined_bytes
from interfaces.database.tables import ImageRow, JobRow
from interfaces.job_figures import Figures, created_between, unpacked
from interfaces.job_filter import JobFilter
from interfaces.job_status import JobStatus


@dataclass(frozen=True, kw_only=True)
class JobGroup:
    """All jobs that share what names them.

    Attributes:
        component: Slug.
        image: The image's sha256 id.
        status: Their status.
        verdict: Kind of their verdict, or "".
        figures: One record a job, in no order.
    """

    component: str
    image: str
    status: JobStatus
    verdict: str
    figures: Figures


def read_figures(session: Session, wanted: JobFilter) -> list[JobGroup]:
    """The figures of the jobs that a filter leaves, by component, image, status and verdict.

    A group can have 15 million jobs: SQLite's strings end at 10**9 bytes and PostgreSQL's at 2**30.
    """
    named = select(ImageRow.pk, ImageRow.component_slug, ImageRow.sha256).where(*wanted.of_images())
    images = {pk: (component, sha256) for pk, component, sha256 in session.execute(named)}
    wanted_status = wanted.the_status()
    keys = (JobRow.image_pk, JobRow.status, JobRow.verdict_kind)
    query = select(*keys, joined_bytes(JobRow.figures)).group_by(*keys)
    if wanted.component is not None or wanted.image is not None:
        query = query.where(JobRow.image_pk.in_(images))
    groups = []
    for image_pk, status, verdict, joined in session.execute(query):
        # By time and status here and not in the query: SQLite would take an index by those, and then read every row.
        figures = created_between(unpacked(joined or b""), wanted.since, wanted.until)
        if not len(figures) or image_pk not in images or wanted_status not in (None, status):
            continue
        component, image = images[image_pk]
        groups.append(
            JobGroup(component=component, image=image, status=JobStatus(status), verdict=verdict, figures=figures)
        )
    return groups
