"""Batches in the database: written once, when a batch has ended."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from interfaces.batch_records import BatchCase, BatchRecord
from interfaces.batch_summary import BatchSummary
from interfaces.database.inserting import insert_if_new
from interfaces.database.tables import BatchRow, JobRow, JobValueRow
from interfaces.errors import UnknownName

_MESSAGE_LENGTH = 1024


def save_batch(session: Session, batch: BatchRecord) -> None:
    """Keep a batch; one that is kept already stays as it is."""
    columns = {
        "id": batch.id,
        "name": batch.summary.name,
        "summary": batch.summary.model_dump(mode="json"),
        "cases": [case.model_dump(mode="json") for case in batch.cases],
        "error_message": batch.error_message[:_MESSAGE_LENGTH],
        "started_at": batch.started_at,
        "completed_at": batch.completed_at,
    }
    insert_if_new(session, BatchRow, columns, unique=["id"])


def find_batch(session: Session, start: str) -> BatchRecord | None:
    """The kept batch whose id is that or starts so; None where none does.

    Raises:
        UnknownName: Several do.
    """
    digits = func.replace(cast(BatchRow.id, String), "-", "")
    query = select(BatchRow).where(digits.startswith(start.replace("-", "").lower(), autoescape=True)).limit(2)
    rows = session.scalars(query).all()
    if len(rows) > 1:
        raise UnknownName(f"several batches have an id that starts with '{start}'; give more of it")
    if not rows:
        return None
    (row,) = rows
    return BatchRecord(
        id=row.id,
        summary=BatchSummary.model_validate(row.summary),
        cases=tuple(BatchCase.model_validate(case) for case in row.cases),
        started_at=row.started_at,
        completed_at=row.completed_at,
        error_message=row.error_message,
    )


def origins(session: Session, pks: list[int]) -> dict[int, UUID]:
    """By value, the Prefect run of a job that gave it; what nobody gave, such as a person's input, is left out."""
    query = (
        select(JobValueRow.value_pk, JobRow.flow_run_id)
        .join(JobRow, JobRow.id == JobValueRow.job_id)
        .where(JobValueRow.value_pk.in_(pks), JobValueRow.direction == "output", JobRow.flow_run_id.is_not(None))
        .order_by(JobRow.created)  # of several the latest
    )
    return {pk: run for pk, run in session.execute(query).tuples() if run is not None}
