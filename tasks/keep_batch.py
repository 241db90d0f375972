"""Keep how a batch went, so that it can be told about later."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from interfaces.batch_records import BatchRecord, SomeCases
from interfaces.batch_summary import BatchSummary
from interfaces.database.batch_records import save_batch
from interfaces.site import get_site


def kept_batch(summary: BatchSummary, some: SomeCases, *, started_at: datetime) -> BatchRecord:
    """Write a batch that has ended into the database."""
    record = BatchRecord(
        id=summary.flow_run_id or uuid4(),
        summary=summary,
        cases=some.kept,
        started_at=started_at,
        completed_at=datetime.now(UTC),
    )
    with get_site().database.session() as session:
        save_batch(session, record)
    return record
