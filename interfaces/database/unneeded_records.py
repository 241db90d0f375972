"""Records that nothing needs any more: which they are, and how they are removed while others write.

Each removal looks again, in the statement that removes or in one transaction with it, at what made a record unneeded. A
record that is about to be used is renewed first (`renewed_jobs`, `insert_all_or_renew`): what was used within a day
stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from interfaces.database import archive_tables  # noqa: F401 - its table names values
from interfaces.database.base import Base
from interfaces.database.evaluation_tables import EvaluatedCaseRow, EvaluationRow
from interfaces.database.follow_up_records import FollowUpStatus
from interfaces.database.in_parts import in_parts
from interfaces.database.run_tables import GraphRunRow
from interfaces.database.tables import AdmissionRow, FollowUpRow, JobRow, JobValueRow, TarballRow, ValueRow
from interfaces.job_status import FINAL
from interfaces.jobs import ComponentJob
from interfaces.owners import Owner
from interfaces.storage.unused_files import RENEWED_S

REFERENCES = frozenset(
    {
        *("graph_run.inputs", "graph_run.outputs", "graph_run.jobs"),
        *("evaluated_case.inputs", "evaluated_case.outputs", "evaluated_case.jobs"),
    }
)
"""Columns of JSON in which records name values or jobs that they need; the database knows those of all others."""

_FINAL = [status.value for status in FINAL]
_OPEN = [FollowUpStatus.PENDING.value, FollowUpStatus.RUNNING.value]
_last_use = func.coalesce(ValueRow.used_at, ValueRow.created)
_LONGEST_UNKNOWN = timedelta(days=30)
"""How long a run is believed to go on whose process can't be looked at."""


@dataclass(frozen=True, kw_only=True)
class Needed:
    """What records name in their JSON.

    Attributes:
        jobs: Ids of the jobs of runs of graphs and of evaluations.
        values: Primary keys of their inputs and outputs.
    """

    jobs: frozenset[UUID]
    values: frozenset[int]


def renewed_jobs(session: Session, jobs: Iterable[ComponentJob]) -> set[UUID]:
    """Of jobs that are to be used again, the ids of those that are still there; they stay for at least a day."""
    before = datetime.now(UTC) - timedelta(seconds=RENEWED_S)
    jobs = list(jobs)
    kept = {job.id for job in jobs if job.modified >= before}
    for some in in_parts([job.id for job in jobs if job.modified < before]):
        there = update(JobRow).where(JobRow.id.in_(some)).values(modified=datetime.now(UTC)).returning(JobRow.id)
        kept |= set(session.scalars(there, execution_options={"synchronize_session": False}))
    return kept


def needed(session: Session, *, without_graph_runs: Collection[UUID] = ()) -> Needed:
    """What runs of graphs and evaluations need, so that they can be exported and ranked.

    Args:
        session: An open session.
        without_graph_runs: Ids of runs of graphs that are about to be removed.
    """
    jobs: set[UUID] = set()
    values: set[int] = set()
    columns = (GraphRunRow.id, GraphRunRow.jobs, GraphRunRow.inputs, GraphRunRow.outputs)
    for run_id, its_jobs, inputs, outputs in session.execute(select(*columns).execution_options(yield_per=500)):
        if run_id not in without_graph_runs:
            jobs.update(map(UUID, its_jobs.values()))
            values.update(_pks([*inputs.values(), *outputs.values()]))
    cases = select(EvaluatedCaseRow.jobs, EvaluatedCaseRow.inputs, EvaluatedCaseRow.outputs)
    for its_jobs, inputs, outputs in session.execute(cases.execution_options(yield_per=500)):
        jobs.update(map(UUID, its_jobs.values()))
        values.update(_pks([*inputs, *outputs]))
    jobs.update(session.scalars(select(EvaluationRow.job_id).where(EvaluationRow.job_id.is_not(None))))
    return Needed(jobs=frozenset(jobs), values=frozenset(values))


def _pks(given: Iterable[int | list[int]]) -> Iterator[int]:
    for one in given:
        yield from one if isinstance(one, list) else [one]


def under_way_since(session: Session) -> datetime | None:
    """When the first of the runs of graphs and evaluations began that have not ended; None where there are none.

    Their jobs are not all named in their records yet.
    """
    open_runs = select(GraphRunRow.started_at, GraphRunRow.runner).where(GraphRunRow.completed_at.is_(None))
    open_evaluations = select(EvaluationRow.created, EvaluationRow.runner).where(EvaluationRow.status.not_in(_FINAL))
    runs = [*session.execute(open_runs).tuples(), *session.execute(open_evaluations).tuples()]
    return min((started for started, runner in runs if _may_run(runner, started)), default=None)


def _may_run(runner: str, started: datetime) -> bool:
    owner = Owner.from_text(runner)
    alive = owner.is_alive() if owner is not None else False
    return alive if alive is not None else started > datetime.now(UTC) - _LONGEST_UNKNOWN


def old_graph_runs(session: Session, before: datetime) -> list[UUID]:
    """Runs of graphs that ended before a time, or began before it and were broken off."""
    ended = session.scalars(select(GraphRunRow.id).where(GraphRunRow.completed_at < before)).all()
    columns = (GraphRunRow.id, GraphRunRow.started_at, GraphRunRow.runner)
    open_ones = select(*columns).where(GraphRunRow.completed_at.is_(None), GraphRunRow.started_at < before)
    broken = [run_id for run_id, started, runner in session.execute(open_ones) if not _may_run(runner, started)]
    return [*ended, *broken]


def remove_graph_runs(session: Session, ids: Collection[UUID]) -> int:
    """Remove runs of graphs; their jobs stay."""
    return sum(
        session.execute(delete(GraphRunRow).where(GraphRunRow.id.in_(some))).rowcount  # type: ignore[attr-defined]
        for some in in_parts(ids)
    )


def _old_job(before: datetime) -> ColumnElement[bool]:
    follow_up = select(FollowUpRow.job_id).where(FollowUpRow.job_id == JobRow.id, FollowUpRow.status.in_(_OPEN))
    admission = select(AdmissionRow.job_id).where(AdmissionRow.job_id == JobRow.id)
    return and_(
        JobRow.status.in_(_FINAL),
        JobRow.completed_at < before,
        JobRow.modified < before,
        JobRow.lease_owner == "",
        ~follow_up.exists(),
        ~admission.exists(),
    )


def old_jobs(session: Session, before: datetime, needed: Needed) -> list[UUID]:
    """Jobs that ended before a time, that nobody works on or has used since, and that no record needs."""
    found = session.scalars(select(JobRow.id).where(_old_job(before)).order_by(JobRow.completed_at))
    return [one for one in found if one not in needed.jobs]


def remove_jobs(session: Session, ids: Collection[UUID], before: datetime) -> set[UUID]:
    """Remove some of `old_jobs` with what only they have; in one transaction, so few at a time.

    Returns:
        Those that were removed: not those that were used meanwhile.
    """
    gone: set[UUID] = set()
    for some in in_parts(ids):
        # A write, so that nobody can use them from here on without seeing that they are gone.
        held = update(JobRow).where(JobRow.id.in_(some), _old_job(before)).values(attempt=JobRow.attempt)
        those = list(session.scalars(held.returning(JobRow.id), execution_options={"synchronize_session": False}))
        for table, column in (
            (JobValueRow, JobValueRow.job_id),
            (FollowUpRow, FollowUpRow.job_id),
            (JobRow, JobRow.id),
        ):
            session.execute(delete(table).where(column.in_(those)).execution_options(synchronize_session=False))
        gone.update(those)
    return gone


def unneeded_values(
    session: Session, before: datetime, needed: Needed, *, without_jobs: Collection[UUID] = ()
) -> dict[int, int]:
    """Values that were last made before a time and that nothing names, with their sizes in bytes.

    Args:
        session: An open session.
        before: The time.
        needed: What is named in JSON.
        without_jobs: Jobs that would be removed, were this no mere look.
    """
    query = select(ValueRow.pk, ValueRow.size).where(_last_use < before, _not_named())
    found = dict(session.execute(query).tuples().all())
    if without_jobs:
        found |= _named_by_these_alone(session, before, without_jobs)
    return {pk: size for pk, size in found.items() if pk not in needed.values}


def _named_by_these_alone(session: Session, before: datetime, jobs: Collection[UUID]) -> dict[int, int]:
    by_these: dict[int, int] = {}
    for some in in_parts(jobs):
        links = select(JobValueRow.value_pk, func.count()).where(JobValueRow.job_id.in_(some))
        for pk, count in session.execute(links.group_by(JobValueRow.value_pk)):
            by_these[pk] = by_these.get(pk, 0) + count
    found: dict[int, int] = {}
    for pks in in_parts(by_these):
        links = select(JobValueRow.value_pk, func.count()).where(JobValueRow.value_pk.in_(pks))
        by_all = dict(session.execute(links.group_by(JobValueRow.value_pk)).tuples().all())
        alone = [pk for pk in pks if by_all[pk] == by_these[pk]]
        query = select(ValueRow.pk, ValueRow.size).where(ValueRow.pk.in_(alone), _last_use < before)
        found |= dict(session.execute(query.where(_not_named(but=JobValueRow.__tablename__))).tuples().all())
    return found


def remove_values(session: Session, pks: Collection[int], before: datetime) -> set[int]:
    """Remove some of `unneeded_values`; in one transaction, so few at a time.

    Returns:
        Those that were removed: not those that were used meanwhile.
    """
    gone: set[int] = set()
    for some in in_parts(pks):
        try:
            with session.begin_nested():
                gone |= _removed(session, some, before)
        except IntegrityError:  # PostgreSQL saw a new use of one only as it removed them
            for pk in some:
                try:
                    with session.begin_nested():
                        gone |= _removed(session, [pk], before)
                except IntegrityError:
                    continue
    return gone


def _removed(session: Session, pks: Collection[int], before: datetime) -> set[int]:
    unnamed = delete(ValueRow).where(ValueRow.pk.in_(pks), _last_use < before, _not_named())
    return set(session.scalars(unnamed.returning(ValueRow.pk), execution_options={"synchronize_session": False}))


def _not_named(*, but: str = "") -> ColumnElement[bool]:
    """That no row of another table has a value; tables that come later are asked, too."""
    named = [
        select(column).where(column == ValueRow.pk).exists()
        for column in _columns_naming(ValueRow.__tablename__)
        if column.table.name != but
    ]
    return ~or_(*named)


def _columns_naming(table: str) -> list[Column[int]]:
    return [
        column
        for each in Base.metadata.sorted_tables
        for column in each.columns
        if any(key.column.table.name == table for key in column.foreign_keys)
    ]


def last_uses(session: Session) -> dict[int, datetime]:
    """Of each version of an image that jobs have run, when the newest of them was last changed; by primary key."""
    newest = select(JobRow.image_pk, func.max(JobRow.modified)).group_by(JobRow.image_pk)
    return dict(session.execute(newest).tuples().all())


def images_of(session: Session, jobs: Collection[UUID]) -> set[int]:
    """Primary keys of the images that jobs are pinned to."""
    return {
        pk
        for some in in_parts(jobs)
        for pk in session.scalars(select(JobRow.image_pk).where(JobRow.id.in_(some)).distinct())
    }


def ended_before(session: Session, ids: Collection[UUID], before: datetime) -> tuple[set[UUID], set[UUID]]:
    """Of some ids, those of jobs that ended before a time and that nobody holds, and those of no job."""
    old: set[UUID] = set()
    known: set[UUID] = set()
    for some in in_parts(ids):
        rows = select(JobRow.id, JobRow.status, JobRow.completed_at, JobRow.lease_owner).where(JobRow.id.in_(some))
        for job_id, status, completed_at, owner in session.execute(rows):
            known.add(job_id)
            if status in _FINAL and not owner and completed_at is not None and completed_at < before:
                old.add(job_id)
    return old, set(ids) - known


def desired_or_running_tarballs(session: Session, sha256s: Collection[str]) -> set[str]:
    """Of some tarballs, those that new jobs use or that a job which has not ended needs."""
    running = select(JobRow.id).where(JobRow.tarball_pk == TarballRow.pk, JobRow.status.not_in(_FINAL))
    wanted = or_(TarballRow.is_desired_version, running.exists())
    return {
        sha256
        for some in in_parts(sha256s)
        for sha256 in session.scalars(select(TarballRow.sha256).where(TarballRow.sha256.in_(some), wanted))
    }
