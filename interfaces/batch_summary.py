"""How the cases of a batch went, in a few lines: what failed and why, however many cases there were."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from interfaces.job_status import JobStatus

MAX_REASONS = 100
"""Different reasons that are kept apart; the cases of further ones are counted as one."""

MAX_NAMED = 10
"""Cases that are named for each reason."""

_CHANGING = re.compile(r"\S*/\S+|0x[0-9a-f]+|\d+(\.\d+)?|'[^']*'|\"[^\"]*\"")
_OTHERS = "other reasons"


class Reason(BaseModel):
    """Why some cases failed.

    Attributes:
        message: That of the first of them; those of the others differ in paths, numbers and names at most.
        count: How many they are.
        cases: The ids of the first ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    message: str
    count: int
    cases: tuple[str, ...]


class BatchSummary(BaseModel):
    """How a batch went.

    Attributes:
        name: Slug of the component or graph.
        cases: How many cases there were.
        succeeded: How many of them have succeeded, those of before included.
        kept: How many had succeeded before, and were not run again.
        failed: How many failed, were cancelled or had invalid inputs.
        reasons: Why, the most frequent first.
        seconds: How long it took.
        results: The CSV file with one row a case, or None where it was not asked for.
        flow_run_id: The Prefect flow run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    cases: int
    succeeded: int
    kept: int
    failed: int
    reasons: tuple[Reason, ...]
    seconds: float
    results: Path | None = None
    flow_run_id: UUID | None = None


class Tally:
    """Counts cases as they end.

    Attributes:
        succeeded: Of those that ran.
        failed: Of those that ran, or could not.
        kept: Those that had succeeded before.
    """

    def __init__(self) -> None:
        self.succeeded = self.failed = self.kept = 0
        self._reasons: dict[str, Reason] = {}

    @property
    def done(self) -> int:
        """All cases that have ended."""
        return self.succeeded + self.failed + self.kept

    def count(self, case_id: str, status: JobStatus, message: str) -> None:
        """Count a case that has ended."""
        if status is JobStatus.SUCCESS:
            self.succeeded += 1
            return
        self.failed += 1
        key = _CHANGING.sub("...", message)
        if key not in self._reasons and len(self._reasons) >= MAX_REASONS:
            key = message = _OTHERS
        known = self._reasons.get(key, Reason(message=message, count=0, cases=()))
        cases = known.cases if len(known.cases) >= MAX_NAMED else (*known.cases, case_id)
        self._reasons[key] = Reason(message=known.message, count=known.count + 1, cases=cases)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why cases failed, the most frequent first."""
        return tuple(sorted(self._reasons.values(), key=lambda reason: -reason.count))
