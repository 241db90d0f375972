"""What follows jobs, as rows that are written together with a job's final status: an outbox.

pending -> running -> done or failed. Whoever makes a row `running` runs what it says; so it is run once, whatever
happens between the job's end and that. Where Prefect is out of reach it stays `running` without an owner, until
somebody can look whether it had begun. `interrupted` is what a row becomes whose run had begun when its process died.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from interfaces.database.inserting import insert_if_new
from interfaces.database.tables import FollowUpRow
from interfaces.owners import Owner

MESSAGE_LENGTH = 1024


class FollowUpStatus(StrEnum):
    """How far it has come."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """What follows one job.

    Attributes:
        job_id: The job.
        reference: A flow, task or deployment with its parameters; see `tasks.chain`.
        status: How far it has come.
        owner: The process that runs it, as `Owner` writes it; "" before.
        error_message: Why it failed.
    """

    job_id: UUID
    reference: Mapping[str, Any]
    status: FollowUpStatus
    owner: str = ""
    error_message: str = ""


def add_follow_up(session: Session, job_id: UUID, reference: Mapping[str, Any]) -> None:
    """Note what follows a job; a second note for the same job is ignored."""
    columns = {
        "job_id": job_id,
        "reference": dict(reference),
        "status": FollowUpStatus.PENDING.value,
        "owner": "",
        "created": datetime.now(UTC),
        "error_message": "",
    }
    insert_if_new(session, FollowUpRow, columns, unique=["job_id"])


def find_follow_up(session: Session, job_id: UUID) -> FollowUp | None:
    """What follows a job, or None."""
    row = session.get(FollowUpRow, job_id)
    return _from_row(row) if row is not None else None


def unfinished_follow_ups(session: Session) -> list[FollowUp]:
    """All that are pending or said to be running, the oldest first."""
    open_ones = (FollowUpStatus.PENDING.value, FollowUpStatus.RUNNING.value)
    query = select(FollowUpRow).where(FollowUpRow.status.in_(open_ones)).order_by(FollowUpRow.created)
    return [_from_row(row) for row in session.scalars(query)]


def claim(session: Session, follow_up: FollowUp) -> bool:
    """Make this process the one that runs it; False where another one was quicker, or it has run."""
    same = (
        (FollowUpRow.job_id == follow_up.job_id)
        & (FollowUpRow.status == follow_up.status.value)
        & (FollowUpRow.owner == follow_up.owner)
    )
    values = {
        "status": FollowUpStatus.RUNNING.value,
        "owner": str(Owner.current()),
        "started_at": datetime.now(UTC),
    }
    return bool(session.execute(update(FollowUpRow).where(same).values(**values)).rowcount)  # type: ignore[attr-defined]


def let_go(session: Session, job_id: UUID) -> None:
    """Leave to another process what this one has claimed and could not run; it may have begun, or not."""
    mine = (FollowUpRow.job_id == job_id) & (FollowUpRow.owner == str(Owner.current()))
    session.execute(update(FollowUpRow).where(mine).values(owner=""))


def complete(session: Session, job_id: UUID, status: FollowUpStatus, error_message: str = "") -> None:
    """Write how a run of this process ended."""
    mine = (FollowUpRow.job_id == job_id) & (FollowUpRow.owner == str(Owner.current()))
    session.execute(
        update(FollowUpRow)
        .where(mine)
        .values(status=status.value, completed_at=datetime.now(UTC), error_message=error_message[:MESSAGE_LENGTH])
    )


def _from_row(row: FollowUpRow) -> FollowUp:
    return FollowUp(
        job_id=row.job_id,
        reference=row.reference,
        status=FollowUpStatus(row.status),
        owner=row.owner,
        error_message=row.error_message,
    )
