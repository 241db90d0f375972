"""Batches in the database: written once, when a batch has ended."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from interfaces.batch_records import BatchCase, BatchRecord
from interfaces.batch_summary import BatchSummary
from interfaces.database.inserting import insert_if_new
from interfaces.database.run_tables import BatchRow
from interfaces.database.tables import InterfaceRow, JobRow, JobValueRow, ValueRow
from interfaces.errors import UnknownName

_MESSAGE_LENGTH = 1024
_MOST_ORIGINS = 1_000


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


def origins(session: Session, sha256s: Collection[str]) -> dict[str, UUID]:
    """By content, the Prefect run of a job that gave it, of several the latest.

    What nobody gave, such as a person's input, is left out. By content and not by value: where an edge leads to another
    interface, the same content is another value.
    """
    # All interfaces, so that the one index that holds contents is of use.
    same = ValueRow.interface_pk.in_(select(InterfaceRow.pk)) & ValueRow.sha256.in_(sha256s)
    query = (
        select(ValueRow.sha256, JobRow.flow_run_id)
        .join(JobValueRow, JobValueRow.value_pk == ValueRow.pk)
        .join(JobRow, JobRow.id == JobValueRow.job_id)
        .where(same, JobValueRow.direction == "output", JobRow.flow_run_id.is_not(None))
        .order_by(JobRow.created.desc())
        .limit(_MOST_ORIGINS)
    )
    found: dict[str, UUID] = {}
    for sha256, run in session.execute(query).tuples():
        if run is not None:
            found.setdefault(sha256, run)
    return found
