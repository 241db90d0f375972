"""`ComponentJob`: one run of a component's container, as a record; `ComponentJobManager` asks about many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

from interfaces.component_images import ComponentImage
from interfaces.costs import cost_of, instance_facts
from interfaces.definition import ComponentInterface
from interfaces.errors import InvalidMove
from interfaces.job_manager import ComponentJobManager
from interfaces.job_status import MAX_ATTEMPTS, JobStatus, check_move
from interfaces.settings import get_settings
from interfaces.tarballs import Tarball
from interfaces.value import ComponentInterfaceValue

MESSAGE_LENGTH = 1024


def _now() -> datetime:
    return datetime.now(UTC)


class ComponentJob(BaseModel):
    """One run of a component's container. A record: it changes by making a new one.

    Attributes:
        id: Primary key.
        created: When the record was made.
        modified: When it last changed.
        status: How far it has come.
        attempt: From 0; each further attempt adds one, to 99 at most.
        component: Slug of the component.
        image: The version of its container image that the job is pinned to.
        tarball: Its model, or None.
        name: What the run is called for people.
        inputs: Input values by slug.
        outputs: Output values by slug, once it has succeeded.
        output_slugs: Slugs of the outputs that are expected.
        staged: Values that lie beside the inputs and are not among them: the outputs that an evaluation evaluates.
        input_prefixes: By a value's pk (as text), the path prefix of that input or staged value below /input; several
            where it lies at several places.
        time_limit: Seconds; never changes.
        requires_memory_gb: GB (2**30 bytes); never changes.
        requires_gpu_type: "" for none; never changes.
        task_on_success: Reference to a flow, task or deployment that runs after success, or None.
        task_on_failure: The same after failure and cancellation.
        stdout: The last lines of the container's standard output.
        stderr: The last lines of its standard error.
        error_message: What went wrong, for the person who runs the job; at most 1,024 characters.
        detailed_error_message: What is wrong with each input, by slug.
        runtime_metrics: The instance and how much of it was used over time.
        compute_cost_euro_millicents: The cost in thousandths of a euro cent, or None where it is unknown.
        started_at: When the use of the machine began.
        completed_at: When it ended.
        exec_duration_s: Seconds that the container itself ran.
        peak_memory_bytes: The most memory that the container had.
        flow_run_id: The Prefect flow run that it mirrors.
        verdict: What went wrong as data (kind, figures, advice), or None.
        cpu_seconds: Processor time of all its processes, or None where it could not be measured.
        invoke_duration_s: Seconds that a warm container took to answer, or None.
        retry_of: The job that this one repeats, or None.
        cache_key: The key of its work (see `interfaces.cache_keys`); "" until its inputs are known.
        why: Why it ran rather than being answered by an earlier success; "" where none was looked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    objects: ClassVar[ComponentJobManager] = ComponentJobManager()

    id: UUID = Field(default_factory=uuid4)
    created: datetime = Field(default_factory=_now)
    modified: datetime = Field(default_factory=_now)
    status: JobStatus = JobStatus.PENDING
    attempt: int = Field(0, ge=0, le=MAX_ATTEMPTS)
    component: str
    image: ComponentImage
    tarball: Tarball | None = None
    name: str = ""
    inputs: Mapping[str, ComponentInterfaceValue] = Field(default_factory=dict)
    outputs: Mapping[str, ComponentInterfaceValue] = Field(default_factory=dict)
    output_slugs: tuple[str, ...] = ()
    staged: tuple[ComponentInterfaceValue, ...] = ()
    input_prefixes: Mapping[str, str | tuple[str, ...]] = Field(default_factory=dict)
    time_limit: int
    requires_memory_gb: float
    requires_gpu_type: str = ""
    task_on_success: dict[str, Any] | None = None
    task_on_failure: dict[str, Any] | None = None
    stdout: str = ""
    stderr: str = ""
    error_message: str = ""
    detailed_error_message: Mapping[str, str] = Field(default_factory=dict)
    runtime_metrics: dict[str, Any] = Field(default_factory=dict)
    compute_cost_euro_millicents: int | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    exec_duration_s: float | None = None
    peak_memory_bytes: int | None = None
    flow_run_id: UUID | None = None
    verdict: dict[str, Any] | None = None
    cpu_seconds: float | None = None
    invoke_duration_s: float | None = None
    retry_of: UUID | None = None
    cache_key: str = ""
    why: str = ""

    @property
    def container(self) -> ComponentImage:
        """The version of the container image that the job runs."""
        return self.image

    @property
    def output_interfaces(self) -> dict[str, ComponentInterface]:
        """The interfaces of the expected outputs by slug."""
        from interfaces.database.interface_records import find_interfaces
        from interfaces.site import get_site

        with get_site().database.session() as session:
            return find_interfaces(session, self.output_slugs)

    @property
    def follow_up(self) -> dict[str, Any] | None:
        """The reference to what runs after the job in its present status, or None."""
        if not self.status.is_final:
            return None
        return self.task_on_success if self.status is JobStatus.SUCCESS else self.task_on_failure

    @property
    def duration(self) -> timedelta | None:
        """From the start to the end of the machine's use; None until the job has ended."""
        if self.started_at is None or self.completed_at is None:
            return None
        return self.completed_at - self.started_at

    @property
    def exec_duration(self) -> timedelta | None:
        """The container's own run."""
        return None if self.exec_duration_s is None else timedelta(seconds=self.exec_duration_s)

    def changed(self, **changes: Any) -> ComponentJob:
        """The record with other fields. Status and limits can't be changed this way.

        Raises:
            InvalidMove: A field is named that never changes.
        """
        fixed = {
            "id",
            "created",
            "status",
            "attempt",
            "time_limit",
            "requires_memory_gb",
            "requires_gpu_type",
        }
        if named := sorted(fixed & set(changes)):
            raise InvalidMove(f"{named[0]} of a job can't be changed")
        return self.model_copy(update={**changes, "modified": _now()})

    def moved_to(self, status: JobStatus, **changes: Any) -> ComponentJob:
        """The record in another status, with other fields.

        Raises:
            InvalidMove: The table of moves lacks that one.
        """
        check_move(self.status, status)
        if status is JobStatus.PROVISIONING:
            changes.setdefault("started_at", _now())
            if instance := instance_facts(get_settings().costs):
                changes.setdefault("runtime_metrics", {"instance": instance, "metrics": []})
        if status.is_final:
            changes.setdefault("completed_at", _now())
        if message := changes.get("error_message"):
            changes["error_message"] = message[:MESSAGE_LENGTH]
        job = self.changed(**changes).model_copy(update={"status": status})
        if status.is_final and job.compute_cost_euro_millicents is None:
            cost = cost_of(job.duration, job.runtime_metrics, get_settings().costs)
            return job.model_copy(update={"compute_cost_euro_millicents": cost})
        return job

    def next_attempt(self) -> ComponentJob:
        """The record of a further attempt, queued again.

        Raises:
            InvalidMove: It has ended, or there were 99 further attempts.
        """
        if self.attempt >= MAX_ATTEMPTS:
            raise InvalidMove(f"the job was attempted {MAX_ATTEMPTS + 1} times; start a new one")
        return self.moved_to(JobStatus.RETRY, started_at=None).model_copy(update={"attempt": self.attempt + 1})
