"""Runs that workers have taken up, each on record from its body's first line to its end: whose it is, how it ended.

running -> ended, or, where its process died: running -> lost -> running (taken up again, by any worker) -> ended.
Whoever makes a row `lost` has it run again, and whoever makes it `running` runs it; both are compare-and-set, so that a
run is taken up again once, and never runs in two processes that both believe in it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from interfaces.database.in_parts import in_parts
from interfaces.database.inserting import insert_if_new
from interfaces.database.lease_records import lease_end, owner_is_gone
from interfaces.database.worker_run_tables import WorkerRunRow
from interfaces.owners import Owner

ERROR_LENGTH = 2_000


class WorkerRunStatus(StrEnum):
    """How far it has come."""

    RUNNING = "running"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class WorkerRun:
    """A run that a worker has taken up.

    Attributes:
        flow_run_id: The Prefect flow run.
        status: How far it has come.
        attempt: 1, and one more each time that it was taken up again.
        owner: The process that runs it, as `Owner` writes it; "" where none does.
        until: When its lease ends without a further sign of life.
        modified: When it was last given a sign of life, or another status.
        job_id: Of its job, where it is the run of one and that has ended.
        error: What it failed with where it has no job: the kind of error, and its text.
    """

    flow_run_id: UUID
    status: WorkerRunStatus
    attempt: int
    owner: str
    until: datetime | None
    modified: datetime
    job_id: UUID | None
    error: tuple[str, str] | None

    def is_abandoned(self) -> bool:
        """Whether it is to be running, and the process that is to run it is gone."""
        return self.status is WorkerRunStatus.RUNNING and owner_is_gone(self.owner, self.until)


def begin_worker_run(session: Session, flow_run_id: UUID) -> WorkerRun | None:
    """Make this process the one that runs it.

    Returns:
        The run; None where another process has it, or it has ended.
    """
    mine = _mine()
    new = {"flow_run_id": flow_run_id, "attempt": 1, "job_id": None, "error": [], **mine}
    if insert_if_new(session, WorkerRunRow, new, unique=["flow_run_id"]):
        return find_worker_runs(session, [flow_run_id])[flow_run_id]
    found = find_worker_runs(session, [flow_run_id])[flow_run_id]
    if found.status is WorkerRunStatus.ENDED or (
        found.status is WorkerRunStatus.RUNNING and not found.is_abandoned() and found.owner != mine["owner"]
    ):
        return None
    # Where somebody runs it again by hand before it was noticed that its process died, that is one more attempt.
    attempt = found.attempt + (found.is_abandoned())
    return _become(session, found, attempt=attempt)


def restart_worker_run(session: Session, ended: WorkerRun) -> WorkerRun | None:
    """Make this process the one that runs what has ended once more, since somebody wants that.

    Returns:
        The run, in its first attempt; None where another process was quicker.
    """
    return _become(session, ended, attempt=1)


def _become(session: Session, run: WorkerRun, *, attempt: int) -> WorkerRun | None:
    mine = _mine()
    if not _change(session, run, **mine, attempt=attempt, job_id=None, error=[]):
        return None
    return replace(run, status=WorkerRunStatus.RUNNING, attempt=attempt, owner=mine["owner"], job_id=None, error=None)


def _mine() -> dict[str, Any]:
    return {
        "status": WorkerRunStatus.RUNNING.value,
        "owner": str(Owner.current()),
        "lease_until": lease_end(),
        "modified": datetime.now(UTC),
    }


def end_worker_run(
    session: Session, run: WorkerRun, *, job_id: UUID | None = None, error: tuple[str, str] | None = None
) -> bool:
    """Write how it ended; False where it is another process's by now, and so not for this one to say."""
    told = [error[0], error[1][:ERROR_LENGTH]] if error else []
    return _change(session, run, status=WorkerRunStatus.ENDED.value, owner="", job_id=job_id, error=told)


def lose_worker_run(session: Session, run: WorkerRun) -> bool:
    """Note that its process is gone and that it is to run again; False where somebody was quicker."""
    changes = {"status": WorkerRunStatus.LOST.value, "owner": "", "lease_until": None, "attempt": run.attempt + 1}
    return _change(session, run, **changes)


def renew_worker_runs(session: Session, flow_run_ids: Collection[UUID]) -> None:
    """Give a sign of life for runs of this process."""
    mine = WorkerRunRow.flow_run_id.in_(flow_run_ids) & (WorkerRunRow.owner == str(Owner.current()))
    session.execute(update(WorkerRunRow).where(mine).values(lease_until=lease_end(), modified=datetime.now(UTC)))


def taken_from_here(session: Session, flow_run_ids: Collection[UUID]) -> set[UUID]:
    """Those runs that this process runs, and that are another one's by now."""
    others = WorkerRunRow.flow_run_id.in_(flow_run_ids) & (WorkerRunRow.owner != str(Owner.current()))
    return set(session.scalars(select(WorkerRunRow.flow_run_id).where(others)))


def unfinished_worker_runs(session: Session) -> list[WorkerRun]:
    """All that have not ended."""
    open_ones = WorkerRunRow.status != WorkerRunStatus.ENDED.value
    return [_from_row(row) for row in session.scalars(select(WorkerRunRow).where(open_ones))]


def find_worker_runs(session: Session, flow_run_ids: Collection[UUID]) -> Mapping[UUID, WorkerRun]:
    """Those that were ever taken up."""
    rows = (
        row
        for some in in_parts(flow_run_ids)
        for row in session.scalars(
            select(WorkerRunRow).where(WorkerRunRow.flow_run_id.in_(some)).execution_options(populate_existing=True)
        )
    )
    return {row.flow_run_id: _from_row(row) for row in rows}


def _change(session: Session, run: WorkerRun, **values: Any) -> bool:
    same = (
        (WorkerRunRow.flow_run_id == run.flow_run_id)
        & (WorkerRunRow.status == run.status.value)
        & (WorkerRunRow.owner == run.owner)
        & (WorkerRunRow.attempt == run.attempt)
    )
    changes = {"modified": datetime.now(UTC), **values}
    return bool(session.execute(update(WorkerRunRow).where(same).values(**changes)).rowcount)  # type: ignore[attr-defined]


def _from_row(row: WorkerRunRow) -> WorkerRun:
    return WorkerRun(
        flow_run_id=row.flow_run_id,
        status=WorkerRunStatus(row.status),
        attempt=row.attempt,
        owner=row.owner,
        until=row.lease_until,
        modified=row.modified,
        job_id=row.job_id,
        error=(row.error[0], row.error[1]) if row.error else None,
    )
