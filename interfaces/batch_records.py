"""`BatchRecord`: what a batch was, with some of its cases; the table of results has all of them."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from interfaces.batch_rows import CaseOutcome
from interfaces.batch_summary import BatchSummary
from interfaces.job_status import JobStatus

MOST_FAILED, MOST_SUCCEEDED = 200, 300
"""Cases that are kept: the first ones that failed, and the latest ones that succeeded."""

_MESSAGE_LENGTH = 1024


class BatchCase(BaseModel):
    """How a case ended.

    Attributes:
        name: Its id.
        status: SUCCESS, FAILURE or CANCELLED.
        message: What went wrong, for people; "" where nothing did.
        job: The job of a component's case; of a graph's the one that failed, or None.
        flow_run_id: The Prefect run of the case; of an earlier success the run of then.
        duration_s: Seconds, or None.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    status: JobStatus
    message: str = ""
    job: UUID | None = None
    flow_run_id: UUID | None = None
    duration_s: float | None = None


class BatchRecord(BaseModel):
    """A batch that has ended.

    Attributes:
        id: Of its Prefect run.
        summary: How it went.
        cases: Some of its cases, those that failed first.
        started_at: When it began.
        completed_at: When it ended.
        error_message: Why it ended before all cases had; "" where it did not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID
    summary: BatchSummary
    cases: tuple[BatchCase, ...] = ()
    started_at: datetime
    completed_at: datetime
    error_message: str = ""


class SomeCases:
    """Keeps some of the cases that end, however many there are."""

    def __init__(self) -> None:
        self._failed: list[BatchCase] = []
        self._succeeded: deque[BatchCase] = deque(maxlen=MOST_SUCCEEDED)

    def add(self, name: str, outcome: CaseOutcome) -> None:
        """Take note of a case that has ended."""
        case = BatchCase(
            name=name,
            status=outcome.status,
            message=outcome.message[:_MESSAGE_LENGTH],
            job=outcome.job,
            flow_run_id=outcome.flow_run_id,
            duration_s=outcome.duration_s,
        )
        if outcome.status is JobStatus.SUCCESS:
            self._succeeded.append(case)
        elif len(self._failed) < MOST_FAILED:
            self._failed.append(case)

    @property
    def kept(self) -> tuple[BatchCase, ...]:
        """Those that failed, then those that did not."""
        return (*self._failed, *self._succeeded)
