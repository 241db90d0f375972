"""The same work in the database: who did it before, who does it now, and who may begin."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from interfaces.cache_keys import inputs_part
from interfaces.database.in_parts import in_parts
from interfaces.database.job_records import save_job
from interfaces.database.lease_records import Lease
from interfaces.database.tables import JobRow
from interfaces.job_status import FINAL, JobStatus
from interfaces.jobs import ComponentJob

_ENDED = [status.value for status in FINAL]
_SUCCESS = JobStatus.SUCCESS.value
TRIES = 3
"""Successes of one piece of work that are looked at, the newest first, before its outputs are held to be gone."""

NEAR = 5
"""Successes that are compared with what is to run, to say what changed."""


class AlreadyClaimed(Exception):
    """Another job is the one that the others of the same work wait for."""


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A job that has not ended.

    Attributes:
        lease: Who runs it.
        attempt: From 0.
        is_started: Whether its use of the machine has begun.
        time_limit_s: Its own, in seconds.
        is_claimed: Whether it is the one that the others of the same work wait for.
    """

    lease: Lease
    attempt: int
    is_started: bool
    time_limit_s: int
    is_claimed: bool


def successes(session: Session, keys: Collection[str]) -> dict[str, list[UUID]]:
    """The jobs that have done each piece of work, the newest first, at most `TRIES`; one query for 500 keys."""
    found: dict[str, list[UUID]] = {}
    for some in in_parts(keys):
        newest = func.row_number().over(partition_by=JobRow.cache_key, order_by=JobRow.completed_at.desc())
        ranked = (
            select(JobRow.cache_key, JobRow.id, newest.label("place"))
            .where(JobRow.cache_key.in_(some), JobRow.status == _SUCCESS)
            .subquery()
        )
        query = select(ranked.c.cache_key, ranked.c.id).where(ranked.c.place <= TRIES).order_by(ranked.c.place)
        for key, job_id in session.execute(query):
            found.setdefault(key, []).append(job_id)
    return found


def runners(session: Session, key: str) -> list[Runner]:
    """The jobs of that work that have not ended, the oldest first."""
    rows = session.scalars(
        select(JobRow)
        .where(JobRow.cache_key == key, JobRow.status.not_in(_ENDED))
        .order_by(JobRow.created)
        .execution_options(populate_existing=True)
    )
    return [
        Runner(
            lease=Lease(job_id=row.id, owner=row.lease_owner, until=row.lease_until, status=JobStatus(row.status)),
            attempt=row.attempt,
            is_started=row.started_at is not None,
            time_limit_s=row.time_limit,
            is_claimed=row.claimed_key is not None,
        )
        for row in rows
    ]


def add_claimed(session: Session, job: ComponentJob) -> None:
    """Store a new job as the one that all others of the same work wait for; it is until it ends.

    Raises:
        AlreadyClaimed: There is one; the session can only be rolled back.
    """
    save_job(session, job)
    try:
        session.execute(update(JobRow).where(JobRow.id == job.id).values(claimed_key=job.cache_key))
    except IntegrityError as error:
        raise AlreadyClaimed from error


def drop_claim(session: Session, lease: Lease) -> None:
    """Let nobody wait any more for a job whose owner is gone."""
    same = (JobRow.id == lease.job_id) & (JobRow.lease_owner == lease.owner)
    session.execute(update(JobRow).where(same).values(claimed_key=None))


def newest_of_work(session: Session, key: str) -> tuple[UUID, JobStatus] | None:
    """The newest job of that work, however it ended, and its status."""
    query = select(JobRow.id, JobRow.status).where(JobRow.cache_key == key).order_by(JobRow.created.desc()).limit(1)
    row = session.execute(query).first()
    return None if row is None else (row[0], JobStatus(row[1]))


def nearest(session: Session, component: str, key: str) -> list[UUID]:
    """Successes of a component to compare with: those over the same inputs, else the newest; the newest first."""
    of_component = (JobRow.component_slug == component) & (JobRow.status == _SUCCESS)
    query = select(JobRow.id).where(of_component).order_by(JobRow.completed_at.desc()).limit(NEAR)
    same = session.scalars(query.where(JobRow.inputs_key == inputs_part(key))).all()
    return list(same or session.scalars(query))


def has_run(session: Session, component: str) -> bool:
    """Whether there is any job of a component that has ended."""
    ended = (JobRow.component_slug == component) & JobRow.status.in_(_ENDED)
    return session.scalar(select(JobRow.id).where(ended).limit(1)) is not None
