"""The same work in the database: who did it before, who does it now, and who may begin."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

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
    succeeded, order = JobRow.status == _SUCCESS, JobRow.completed_at.desc()
    for key, job_id, _ in _newest(session, JobRow.cache_key, keys, where=succeeded, order=order, most=TRIES):
        found.setdefault(key, []).append(job_id)
    return found


def newest_of_works(session: Session, keys: Collection[str]) -> dict[str, tuple[UUID, JobStatus]]:
    """By key, the newest job of that work, however it ended, and its status."""
    rows = _newest(session, JobRow.cache_key, keys, where=true(), order=JobRow.created.desc(), most=1)
    return {key: (job_id, JobStatus(status)) for key, job_id, status in rows}


def over_same_inputs(session: Session, component: str, keys: Collection[str]) -> dict[str, list[UUID]]:
    """By the part of keys that stands for the inputs, a component's successes over those, the newest first."""
    found: dict[str, list[UUID]] = {}
    of_component = (JobRow.component_slug == component) & (JobRow.status == _SUCCESS)
    parts, order = {inputs_part(key) for key in keys}, JobRow.completed_at.desc()
    for part, job_id, _ in _newest(session, JobRow.inputs_key, parts, where=of_component, order=order, most=NEAR):
        found.setdefault(part, []).append(job_id)
    return found


def _newest(
    session: Session,
    column: InstrumentedAttribute[str],
    values: Collection[str],
    *,
    where: ColumnElement[bool],
    order: ColumnElement[Any],
    most: int,
) -> list[tuple[str, UUID, int]]:
    """Value, id and status of the first jobs for each value of a column that has an index."""
    place = func.row_number().over(partition_by=column, order_by=order).label("place")
    found: list[tuple[str, UUID, int]] = []
    for some in in_parts(values):
        jobs = select(column.label("value"), JobRow.id, JobRow.status, place).where(column.in_(some), where).subquery()
        query = select(jobs.c.value, jobs.c.id, jobs.c.status).where(jobs.c.place <= most).order_by(jobs.c.place)
        found += [(value, job_id, status) for value, job_id, status in session.execute(query)]
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


def newest_successes(session: Session, component: str) -> list[UUID]:
    """A component's last successes, at most `NEAR`, the newest first."""
    of_component = (JobRow.component_slug == component) & (JobRow.status == _SUCCESS)
    query = select(JobRow.id).where(of_component).order_by(JobRow.completed_at.desc()).limit(NEAR)
    return list(session.scalars(query))


def has_run(session: Session, component: str) -> bool:
    """Whether there is any job of a component that has ended."""
    ended = (JobRow.component_slug == component) & JobRow.status.in_(_ENDED)
    return session.scalar(select(JobRow.id).where(ended).limit(1)) is not None
