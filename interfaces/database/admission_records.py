"""The queue of a machine in the database: which jobs have a share of it, and which wait, in the order of their coming.

A row counts for as long as somebody works on its job (`interfaces.database.lease_records`). A crash leaves rows behind;
`abandoned` finds them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from interfaces.admission import Capacity, Share, Ticket, to_admit
from interfaces.database.lease_records import Lease
from interfaces.database.tables import AdmissionRow, JobRow
from interfaces.job_status import JobStatus


@dataclass(frozen=True, kw_only=True)
class Abandoned:
    """A row whose job nobody works on any more.

    Attributes:
        job_id: The job.
        may_run: Whether its container may still run, and so use what it was given.
    """

    job_id: UUID
    may_run: bool


def enter(session: Session, job_id: UUID, share: Share, capacity: Capacity) -> set[UUID]:
    """Put a job at the end of its machine's queue.

    Returns:
        All jobs that may start now and could not before; this one among them, if it need not wait.
    """
    _one_at_a_time(session, capacity.machine)
    session.add(
        AdmissionRow(
            job_id=job_id,
            machine=capacity.machine,
            memory_bytes=share.memory_bytes,
            cpus=share.cpus,
            gpu_type=share.gpu_type,
        )
    )
    session.flush()
    return _admit(session, capacity)


def leave(session: Session, job_ids: Collection[UUID], capacity: Capacity) -> set[UUID]:
    """Take jobs out of the queue.

    Returns:
        All jobs that may start now and could not before.
    """
    _one_at_a_time(session, capacity.machine)
    session.execute(delete(AdmissionRow).where(AdmissionRow.job_id.in_(job_ids)))
    return _admit(session, capacity)


def forget(session: Session, job_id: UUID) -> None:
    """Take a job out that a process has left behind; whoever waits notices."""
    session.execute(delete(AdmissionRow).where(AdmissionRow.job_id == job_id))


def is_admitted(session: Session, job_id: UUID) -> bool:
    """Whether a job may start."""
    query = select(AdmissionRow.admitted_at).where(AdmissionRow.job_id == job_id)
    return session.scalar(query) is not None


def abandoned(session: Session, machine: str) -> list[Abandoned]:
    """Rows of a machine whose jobs nobody works on any more."""
    rows = session.execute(
        select(JobRow.id, JobRow.lease_owner, JobRow.lease_until, JobRow.status, AdmissionRow.admitted_at)
        .join(AdmissionRow, AdmissionRow.job_id == JobRow.id)
        .where(AdmissionRow.machine == machine)
    ).all()
    found = []
    for job_id, owner, until, status, admitted_at in rows:
        lease = Lease(job_id=job_id, owner=owner, until=until, status=JobStatus(status))
        if not owner or lease.is_over():
            may_run = bool(owner) and admitted_at is not None and lease.status is JobStatus.EXECUTING
            found.append(Abandoned(job_id=job_id, may_run=may_run))
    return found


def tickets(session: Session, machine: str) -> list[Ticket]:
    """All jobs of a machine's queue, in the order in which they came."""
    rows = session.scalars(
        select(AdmissionRow).where(AdmissionRow.machine == machine).order_by(AdmissionRow.position)
    ).all()
    return [
        Ticket(
            job_id=row.job_id,
            share=Share(memory_bytes=row.memory_bytes, cpus=row.cpus, gpu_type=row.gpu_type),
            is_admitted=row.admitted_at is not None,
        )
        for row in rows
    ]


def _admit(session: Session, capacity: Capacity) -> set[UUID]:
    chosen = to_admit(capacity, tickets(session, capacity.machine))
    if chosen:
        now = datetime.now(UTC)
        session.execute(update(AdmissionRow).where(AdmissionRow.job_id.in_(chosen)).values(admitted_at=now))
    return set(chosen)


def _one_at_a_time(session: Session, machine: str) -> None:
    """Let only one transaction at a time share out a machine."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"job_admission {machine}"))))
    else:  # SQLite has one writer at a time, and whoever writes first is one
        session.execute(update(AdmissionRow).where(AdmissionRow.position < 0).values(cpus=0))
