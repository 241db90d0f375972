"""`JobFilter`: which jobs a question is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement

from interfaces.database.tables import ImageRow, JobRow
from interfaces.errors import DefinitionError
from interfaces.job_status import JobStatus


@dataclass(frozen=True, kw_only=True)
class JobFilter:
    """All jobs, or those that every given field leaves.

    Attributes:
        component: Slug.
        image: The image's sha256 id.
        status: A status, or its name in any case.
        since: First moment of creation; a naive time is local.
        until: Last moment of creation.
    """

    component: str | None = None
    image: str | None = None
    status: JobStatus | str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def of_images(self) -> list[ColumnElement[bool]]:
        """What the images of its jobs have in common; for a query of `ImageRow`."""
        conditions: list[ColumnElement[bool]] = []
        if self.component is not None:
            conditions.append(ImageRow.component_slug == self.component)
        if self.image is not None:
            conditions.append(ImageRow.sha256 == self.image)
        return conditions

    def the_status(self) -> JobStatus | None:
        """The status, or None for any.

        Raises:
            DefinitionError: There is no status of that name.
        """
        if not isinstance(self.status, str):
            return self.status
        try:
            return JobStatus[self.status.upper()]
        except KeyError:
            names = ", ".join(JobStatus.__members__)
            raise DefinitionError(f"there is no status '{self.status}', only {names}") from None

    def of_jobs(self) -> list[ColumnElement[bool]]:
        """All conditions, for a query of `JobRow` that joins `ImageRow`."""
        conditions = self.of_images()
        if (status := self.the_status()) is not None:
            conditions.append(JobRow.status == status.value)
        if self.since is not None:
            conditions.append(JobRow.created >= self.since.astimezone(UTC))
        if self.until is not None:
            conditions.append(JobRow.created <= self.until.astimezone(UTC))
        return conditions
