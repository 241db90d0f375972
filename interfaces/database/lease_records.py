"""Leases in the database: which process works on which job, and until when that is believed without a sign of life.

A job's row names its owner from the moment that it is made until nothing of it is left to do: no container, no folder,
no follow-up. So whoever looks for what a crash left behind looks at rows with an owner.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from interfaces.database.tables import JobRow
from interfaces.job_status import JobStatus
from interfaces.owners import Owner
from interfaces.settings import get_settings


@dataclass(frozen=True, kw_only=True)
class Lease:
    """Somebody's hold on a job.

    Attributes:
        job_id: The job.
        owner: The process, as `Owner` writes it.
        until: When it ends without a further sign of life.
        status: The job's.
    """

    job_id: UUID
    owner: str
    until: datetime | None
    status: JobStatus

    def is_over(self, now: datetime | None = None) -> bool:
        """Whether the owner is gone: it is known to have ended, or nothing can be known and its time is over."""
        return owner_is_gone(self.owner, self.until, now)


def owner_is_gone(owner: str, until: datetime | None, now: datetime | None = None) -> bool:
    """Whether a process is known to have ended, or nothing can be known of it and its lease is over.

    Args:
        owner: As `Owner` writes it.
        until: When its lease ends.
        now: In place of the present time.
    """
    process = Owner.from_text(owner)
    alive = process.is_alive() if process is not None else None
    if alive is not None:
        return not alive
    return until is None or until < (now or datetime.now(UTC))


def lease_end() -> datetime:
    """When a lease ends that is given or renewed now.

    A process that can't be looked at (on another machine) is believed to live for so long after its last sign of life.
    """
    return datetime.now(UTC) + timedelta(seconds=get_settings().lease_s)


def leases(session: Session) -> list[Lease]:
    """Every lease there is."""
    rows = session.execute(
        select(JobRow.id, JobRow.lease_owner, JobRow.lease_until, JobRow.status).where(JobRow.lease_owner > "")
    )
    return [Lease(job_id=row[0], owner=row[1], until=row[2], status=JobStatus(row[3])) for row in rows]


def renew(session: Session, job_ids: Collection[UUID]) -> None:
    """Give a sign of life for jobs that this process holds."""
    held = JobRow.id.in_(job_ids) & (JobRow.lease_owner == str(Owner.current()))
    session.execute(update(JobRow).where(held).values(lease_until=lease_end()))


def release(session: Session, job_id: UUID) -> None:
    """Give up this process's hold on a job: nothing is left to do for it."""
    held = (JobRow.id == job_id) & (JobRow.lease_owner == str(Owner.current()))
    session.execute(update(JobRow).where(held).values(lease_owner="", lease_until=None))


def take_over(session: Session, lease: Lease) -> bool:
    """Make this process the owner of a job whose owner is gone; False where another one was quicker."""
    same = (JobRow.id == lease.job_id) & (JobRow.lease_owner == lease.owner)
    values = {"lease_owner": str(Owner.current()), "lease_until": lease_end()}
    return bool(session.execute(update(JobRow).where(same).values(**values)).rowcount)  # type: ignore[attr-defined]


def hand_back(session: Session, lease: Lease) -> None:
    """Undo `take_over`, so that somebody tries again later."""
    mine = (JobRow.id == lease.job_id) & (JobRow.lease_owner == str(Owner.current()))
    session.execute(update(JobRow).where(mine).values(lease_owner=lease.owner, lease_until=lease.until))


def request_cancellation(session: Session, job_id: UUID) -> None:
    """Ask whoever runs a job to stop it."""
    row = JobRow.id == job_id
    session.execute(
        update(JobRow).where(row, JobRow.cancel_requested_at.is_(None)).values(cancel_requested_at=datetime.now(UTC))
    )


def to_be_stopped(session: Session, job_ids: Collection[UUID]) -> set[UUID]:
    """Those jobs that this process is to stop: somebody asked for it, or took them over."""
    wanted = JobRow.cancel_requested_at.is_not(None) | (JobRow.lease_owner != str(Owner.current()))
    return set(session.scalars(select(JobRow.id).where(JobRow.id.in_(job_ids), wanted)))


def was_cancelled(session: Session, job_id: UUID) -> bool:
    """Whether somebody asked for the job's end."""
    return session.scalar(select(JobRow.cancel_requested_at).where(JobRow.id == job_id)) is not None
