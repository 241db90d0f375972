"""`RunReport`: what is told of a run, whatever it was a run of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from interfaces.job_status import JobStatus
from interfaces.previews.texts import clean_text

if TYPE_CHECKING:
    from interfaces.graph_values import Carried
    from interfaces.jobs import ComponentJob

_PLACES = {JobStatus.FAILURE: 0, JobStatus.CANCELLED: 1, JobStatus.SUCCESS: 3}
JOB, GRAPH, BATCH, EVALUATION = "job", "graph", "batch", "evaluation"


@dataclass(frozen=True, kw_only=True)
class Step:
    """A part of a run: a node of a graph, a case of a batch, or the job itself.

    Attributes:
        name: Path of the node, or the case, or both.
        status: How it ended.
        message: What went wrong, for people; "" where nothing did.
        job: Its job; None where there is none, or more than one.
        flow_run_id: Its Prefect run.
        is_reused: Whether it took the outputs of an earlier job.
        began: When it was begun, where no job tells.
        ended: When it ended, where no job tells.
        took_s: Seconds, where nothing else tells.
    """

    name: str
    status: JobStatus
    message: str = ""
    job: ComponentJob | None = None
    flow_run_id: UUID | None = None
    is_reused: bool = False
    began: datetime | None = None
    ended: datetime | None = None
    took_s: float | None = None

    @property
    def started_at(self) -> datetime | None:
        """When it began to use the machine, or None."""
        return self.job.started_at if self.job is not None else self.began

    @property
    def completed_at(self) -> datetime | None:
        """When it ended, or None."""
        return self.job.completed_at if self.job is not None else self.ended

    @property
    def duration_s(self) -> float | None:
        """Seconds from its beginning to its end, or None."""
        if self.started_at is not None and self.completed_at is not None:
            return (self.completed_at - self.started_at).total_seconds()
        return self.took_s

    @property
    def is_failure(self) -> bool:
        """Whether it did not succeed."""
        return self.status is not JobStatus.SUCCESS

    @property
    def advice(self) -> str:
        """What to try, or ""."""
        return str(((self.job.verdict if self.job else None) or {}).get("advice") or "")


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What is told of a run.

    Attributes:
        kind: ``job``, ``graph``, ``batch`` or ``evaluation``.
        id: Of the job, or of the run's record.
        title: What it was a run of.
        name: What the run is called.
        status: How it ended.
        message: What went wrong, for people; "" where nothing did.
        started_at: When it began.
        completed_at: When it ended.
        flow_run_id: Its Prefect run.
        facts: Further lines: what, and its text.
        inputs: Values by name.
        outputs: Values by name.
        steps: Its parts in their order; a job is its own only part.
        part: What a part is called: ``node`` or ``case``.
        left_out: By path of each node that did not run, why.
        omitted: How many further parts are not among `steps`.
    """

    kind: str
    id: UUID
    title: str
    name: str = ""
    status: JobStatus
    message: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    flow_run_id: UUID | None = None
    facts: tuple[tuple[str, str], ...] = ()
    inputs: Mapping[str, Carried] = field(default_factory=dict)
    outputs: Mapping[str, Carried] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    part: str = "node"
    left_out: Mapping[str, str] = field(default_factory=dict)
    omitted: int = 0

    @property
    def job(self) -> ComponentJob | None:
        """The job that it is a report of, or None."""
        return self.steps[0].job if self.kind == JOB else None

    @property
    def duration(self) -> timedelta | None:
        """From its beginning to its end."""
        if self.started_at is None or self.completed_at is None:
            return None
        return self.completed_at - self.started_at

    @property
    def failures(self) -> tuple[Step, ...]:
        """The parts that did not succeed, those that failed first."""
        return tuple(step for step in self.failures_first if step.is_failure)

    @property
    def failures_first(self) -> tuple[Step, ...]:
        """The parts, those that failed before those that were cancelled, and these before the others."""
        return tuple(sorted(self.steps, key=lambda step: _PLACES.get(step.status, 2)))

    @property
    def jobs(self) -> tuple[ComponentJob, ...]:
        """The jobs that ran in it: not those whose outputs were taken from before."""
        return tuple(step.job for step in self.steps if step.job is not None and not step.is_reused)

    @property
    def heading(self) -> str:
        """What it is, in a few words without control characters."""
        named = f" ({self.name})" if self.name and self.name != self.title else ""
        return clean_text(f"{self.title}{named}", most=160)


@dataclass(frozen=True, kw_only=True)
class Links:
    """Where the Prefect UI has what a page names.

    Attributes:
        base: Address of the UI, or "" for addresses on the page's own host; None where there is no UI to point to.
        origins: By pk of a value, the Prefect run that gave it.
        around: The run that this one is a part of, or None.
        pages: The keys of the pages of values and images that there are; no other is linked to.
    """

    base: str | None = None
    origins: Mapping[int, UUID] = field(default_factory=dict)
    around: UUID | None = None
    pages: Collection[str] = frozenset()

    def run(self, flow_run_id: UUID | None) -> str:
        """Address of a flow run's page, or ""."""
        if self.base is None or flow_run_id is None:
            return ""
        return f"{self.base}/runs/flow-run/{flow_run_id}"

    def artifact(self, key: str) -> str:
        """Address of the page of an artifact with that key; "" where there is none."""
        return f"{self.base}/artifacts/key/{key}" if self.base is not None and key in self.pages else ""
