"""`Evaluation`: one submission of an algorithm to a phase, as a record, and what evaluating it gave."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

from interfaces.errors import DefinitionError, InvalidMove
from interfaces.job_status import JobStatus
from interfaces.jobs import MESSAGE_LENGTH, ComponentJob
from interfaces.owners import Owner
from interfaces.phase import METRICS
from interfaces.value import ComponentInterfaceValue


class FailedCases(StrEnum):
    """What a case that failed does to its evaluation."""

    FAIL = "fail"
    SCORE = "score"

    @classmethod
    def from_text(cls, text: str) -> FailedCases:
        """Read ``fail`` or ``score``.

        Raises:
            DefinitionError: It is something else.
        """
        if text not in tuple(cls):
            raise DefinitionError(f"failed_cases is '{text:.40}'; it can be 'fail' or 'score'")
        return cls(text)


class EvaluatedCase(BaseModel):
    """What an algorithm made of one case.

    Attributes:
        name: What the case is called; unique within an evaluation.
        pk: The id that predictions.json has for it: of a component the job's own, of a graph one made from its jobs'.
        version: Of the algorithm, as predictions.json names it.
        jobs: The jobs, by the name of the graph's node; of a component the one job by the name "".
        inputs: The case's values by slug.
        outputs: The values of the phase's outputs by slug; empty where it failed.
        exec_duration_s: Seconds that containers ran for it, or None.
        invoke_duration_s: Seconds that a warm container took to answer, or None.
        error_message: Why it failed; "" where it succeeded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    pk: UUID | None = None
    version: str = ""
    jobs: Mapping[str, UUID] = Field(default_factory=dict)
    inputs: Mapping[str, ComponentInterfaceValue] = Field(default_factory=dict)
    outputs: Mapping[str, ComponentInterfaceValue] = Field(default_factory=dict)
    exec_duration_s: float | None = None
    invoke_duration_s: float | None = None
    error_message: str = ""

    @property
    def failed(self) -> bool:
        """Whether it is set aside: its outputs are not there."""
        return bool(self.error_message)

    @property
    def exec_duration(self) -> timedelta | None:
        """How long containers ran for it."""
        return None if self.exec_duration_s is None else timedelta(seconds=self.exec_duration_s)

    @property
    def invoke_duration(self) -> timedelta | None:
        """How long a warm container took to answer."""
        return None if self.invoke_duration_s is None else timedelta(seconds=self.invoke_duration_s)


class Evaluation(BaseModel):
    """A submission. A record: it changes by making a new one.

    Attributes:
        id: Primary key.
        created: When it was submitted.
        completed_at: When it ended.
        status: EXECUTING_PREREQUISITES while the algorithm runs, EXECUTING while the evaluation does, then a final one.
        phase: Slug of the phase.
        algorithm: Slug of the component or graph.
        version: Digest of the component's container image; of a graph one of its definition and its images' digests.
        failed_cases: What a case that failed does.
        job: The job of the evaluation's own container, once there is one.
        metrics: The value of `metrics-json-file`, once it has succeeded.
        error_message: Why it failed, for people; at most 1,024 characters.
        runner: The process that works on it.
        flow_run_id: The Prefect flow run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID = Field(default_factory=uuid4)
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))
    completed_at: datetime | None = None
    status: JobStatus = JobStatus.EXECUTING_PREREQUISITES
    phase: str
    algorithm: str
    version: str
    failed_cases: FailedCases = FailedCases.FAIL
    job: UUID | None = None
    metrics: ComponentInterfaceValue | None = None
    error_message: str = ""
    runner: str = Field(default_factory=lambda: str(Owner.current()))
    flow_run_id: UUID | None = None

    @property
    def was_interrupted(self) -> bool:
        """Whether it has no end although the process that worked on it is gone; to evaluate again takes up its jobs."""
        owner = Owner.from_text(self.runner)
        return not self.status.is_final and owner is not None and owner.is_alive() is False

    def at(self, status: JobStatus, **changes: Any) -> Evaluation:
        """The record in another status.

        Raises:
            InvalidMove: It has ended.
        """
        if self.status.is_final:
            raise InvalidMove(f"the evaluation {self.id} has ended ({self.status.label}); that can't be changed")
        if status.is_final:
            changes.setdefault("completed_at", datetime.now(UTC))
        if message := changes.get("error_message"):
            changes["error_message"] = message[:MESSAGE_LENGTH]
        return self.model_copy(update={**changes, "status": status})

    def succeeded(self, job: ComponentJob) -> Evaluation:
        """The record after its own job has succeeded."""
        return self.at(JobStatus.SUCCESS, job=job.id, metrics=job.outputs[METRICS])


class EvaluationResult(BaseModel):
    """What an evaluation gave.

    Attributes:
        evaluation: The submission's record.
        jobs: The algorithm's jobs by case; of a graph by ``case/node``.
        failed: Why a case failed, by case; these are not in predictions.json.
        repeated: By case that has the very same values as an earlier one, that one; the two are counted once.
        job: The evaluation's own job, with all of its outputs.
        scores: The numbers of the phase's ranking metrics.
        ranking_problems: Why a ranking metric has no number, one sentence each.
        rank: On the phase's leaderboard, from 1, where it stands for its algorithm; None where it can't be ranked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    evaluation: Evaluation
    jobs: Mapping[str, ComponentJob]
    failed: Mapping[str, str] = Field(default_factory=dict)
    repeated: Mapping[str, str] = Field(default_factory=dict)
    job: ComponentJob
    scores: Mapping[str, float] = Field(default_factory=dict)
    ranking_problems: tuple[str, ...] = ()
    rank: int | None = None

    @property
    def metrics(self) -> Any:
        """The document that the evaluation wrote to metrics.json."""
        return self.job.outputs[METRICS].value
