"""The tables. Their history is in `migrations/versions`; a test holds the two together."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from interfaces.database.base import Base


class LookUpTableRow(Base):
    """A `LookUpTable`, which interfaces may share; its fields as JSON, since nothing queries into them."""

    __tablename__ = "look_up_table"

    pk: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(255), unique=True)
    definition: Mapped[dict[str, Any]]


class InterfaceRow(Base):
    """A `ComponentInterface`."""

    __tablename__ = "component_interface"

    pk: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(255), unique=True)
    title: Mapped[str] = mapped_column(String(255), unique=True)
    relative_path: Mapped[str] = mapped_column(String(255), unique=True)
    kind: Mapped[str] = mapped_column(String(5))
    description: Mapped[str] = mapped_column(Text)
    store_in_database: Mapped[bool]
    # JSON null and "not set" are told apart by the wrapping list: [value] or [].
    schema: Mapped[list[Any]]
    default_value: Mapped[list[Any]]
    example_value: Mapped[list[Any]]
    overlay_segments: Mapped[list[Any]]
    look_up_table_pk: Mapped[int | None] = mapped_column(ForeignKey("look_up_table.pk"))
    look_up_table: Mapped[LookUpTableRow | None] = relationship(lazy="joined")


class ValueRow(Base):
    """A `ComponentInterfaceValue`; the same content for the same interface is one row."""

    __tablename__ = "component_interface_value"
    __table_args__ = (UniqueConstraint("interface_pk", "sha256", name="one_record_per_content"),)

    pk: Mapped[int] = mapped_column(primary_key=True)
    interface_pk: Mapped[int] = mapped_column(ForeignKey("component_interface.pk"))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(255))
    # [value] for values that are kept here, [] for those in the file store.
    value: Mapped[list[Any]]
    # The members of a value of several files (a DICOM image set), else [].
    files: Mapped[list[Any]] = mapped_column(server_default="[]", default=list)
    created: Mapped[datetime]
    # When it was last found again, if it was; all else never changes. See `interfaces.database.unneeded_records`.
    used_at: Mapped[datetime | None]


class ComponentRow(Base):
    """A registered component; its definition as JSON, since nothing queries into it."""

    __tablename__ = "component"

    slug: Mapped[str] = mapped_column(String(255), primary_key=True)
    title: Mapped[str] = mapped_column(String(255), unique=True)
    definition: Mapped[dict[str, Any]]


class ImageRow(Base):
    """A `ComponentImage`: one version of a component's container image."""

    __tablename__ = "component_image"
    __table_args__ = (
        UniqueConstraint("component_slug", "sha256", name="one_version_per_image"),
        Index(
            "one_desired_image",
            "component_slug",
            unique=True,
            sqlite_where=text("is_desired_version"),
            postgresql_where=text("is_desired_version"),
        ),
    )

    pk: Mapped[int] = mapped_column(primary_key=True)
    component_slug: Mapped[str] = mapped_column(ForeignKey("component.slug"))
    sha256: Mapped[str] = mapped_column(String(71))
    source: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(71))
    import_status: Mapped[int]
    status: Mapped[str] = mapped_column(Text)
    user: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    is_desired_version: Mapped[bool]
    # Where a registry has it (``host/name@sha256:...``), or "".
    registry_reference: Mapped[str] = mapped_column(String(512), server_default="", default="")
    is_removed: Mapped[bool] = mapped_column(server_default=false(), default=False)
    created: Mapped[datetime]


class TarballRow(Base):
    """A `Tarball`: a model or a ground truth."""

    __tablename__ = "tarball"
    __table_args__ = (
        UniqueConstraint("owner", "kind", "sha256", name="one_version_per_tarball"),
        Index(
            "one_desired_tarball",
            "owner",
            "kind",
            unique=True,
            sqlite_where=text("is_desired_version"),
            postgresql_where=text("is_desired_version"),
        ),
    )

    pk: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    import_status: Mapped[int]
    status: Mapped[str] = mapped_column(Text)
    is_desired_version: Mapped[bool]
    created: Mapped[datetime]


class ImportRow(Base):
    """An `Import`: how a container image or a tarball was brought here, or why it could not be."""

    __tablename__ = "component_import"
    __table_args__ = (UniqueConstraint("owner", "kind", "key", name="one_record_per_source"),)

    pk: Mapped[int] = mapped_column(primary_key=True)
    # No foreign key: the first import of a component comes before its registration.
    owner: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(71))
    import_status: Mapped[int]
    status: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    runner: Mapped[str] = mapped_column(String(255))
    created: Mapped[datetime]
    modified: Mapped[datetime]


class GraphRow(Base):
    """A registered graph."""

    __tablename__ = "graph"

    slug: Mapped[str] = mapped_column(String(255), primary_key=True)
    title: Mapped[str] = mapped_column(String(255), unique=True)
    definition: Mapped[dict[str, Any]]


class JobRow(Base):
    """A `ComponentJob`."""

    __tablename__ = "component_job"
    __table_args__ = (
        Index("jobs_by_component", "component_slug", "status", "completed_at"),
        Index("jobs_by_time", "created"),
        Index("jobs_by_figures", "image_pk", "status", "verdict_kind", "figures"),
        Index("jobs_by_work", "cache_key", "status"),
        Index("jobs_by_inputs", "inputs_key", "component_slug", "status"),
        Index("one_runner_a_key", "claimed_key", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    created: Mapped[datetime]
    modified: Mapped[datetime]
    status: Mapped[int] = mapped_column(index=True)
    attempt: Mapped[int]
    component_slug: Mapped[str] = mapped_column(ForeignKey("component.slug"))
    image_pk: Mapped[int] = mapped_column(ForeignKey("component_image.pk"))
    tarball_pk: Mapped[int | None] = mapped_column(ForeignKey("tarball.pk"))
    output_slugs: Mapped[list[Any]]
    input_prefixes: Mapped[dict[str, Any]]
    time_limit: Mapped[int]
    requires_memory_gb: Mapped[float]
    requires_gpu_type: Mapped[str] = mapped_column(String(64))
    task_on_success: Mapped[list[Any]]
    task_on_failure: Mapped[list[Any]]
    stdout: Mapped[str] = mapped_column(Text)
    stderr: Mapped[str] = mapped_column(Text)
    error_message: Mapped[str] = mapped_column(String(1024))
    detailed_error_message: Mapped[dict[str, Any]]
    runtime_metrics: Mapped[dict[str, Any]]
    compute_cost_euro_millicents: Mapped[int | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    # Seconds; kept beside the two times since databases differ in how they subtract times.
    duration_s: Mapped[float | None]
    exec_duration_s: Mapped[float | None]
    peak_memory_bytes: Mapped[int | None] = mapped_column(BigInteger)
    flow_run_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(String(255))
    # [verdict] once something went wrong, else [].
    verdict: Mapped[list[Any]] = mapped_column(server_default="[]", default=list)
    verdict_kind: Mapped[str] = mapped_column(String(64), server_default="", default="")
    # A copy of the numbers, written with them; see `interfaces.job_figures`.
    figures: Mapped[bytes] = mapped_column(LargeBinary(64), server_default="", default=b"")
    cpu_seconds: Mapped[float | None]
    invoke_duration_s: Mapped[float | None]
    retry_of: Mapped[UUID | None]
    # Who runs it, until when that is believed without a further sign of life, and whether it was asked to stop.
    lease_owner: Mapped[str] = mapped_column(String(255), server_default="", default="", index=True)
    lease_until: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    # See `interfaces.cache_keys`; the part of the key that stands for the inputs; why no earlier success was taken.
    cache_key: Mapped[str] = mapped_column(String(100), server_default="", default="")
    inputs_key: Mapped[str] = mapped_column(String(35), server_default="", default="")
    why: Mapped[str] = mapped_column(Text, server_default="", default="")
    # The key again while this job is the one that the others of the same work wait for.
    claimed_key: Mapped[str | None] = mapped_column(String(100))


class AdmissionRow(Base):
    """A job that has a share of its machine, or waits for one; see `interfaces.admission`."""

    __tablename__ = "job_admission"

    position: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("component_job.id"), unique=True)
    machine: Mapped[str] = mapped_column(String(255), index=True)
    memory_bytes: Mapped[int] = mapped_column(BigInteger)
    cpus: Mapped[float]
    gpu_type: Mapped[str] = mapped_column(String(64))
    admitted_at: Mapped[datetime | None]


class FollowUpRow(Base):
    """What follows a job: written with its final status, so that it is neither forgotten nor run twice."""

    __tablename__ = "job_follow_up"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("component_job.id"), primary_key=True)
    reference: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(String(16), index=True)
    owner: Mapped[str] = mapped_column(String(255))
    created: Mapped[datetime]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    error_message: Mapped[str] = mapped_column(String(1024))


class JobValueRow(Base):
    """An input or output of a job."""

    __tablename__ = "component_job_value"
    __table_args__ = (Index("jobs_by_value", "value_pk", "direction"),)

    job_id: Mapped[UUID] = mapped_column(ForeignKey("component_job.id"), primary_key=True)
    direction: Mapped[str] = mapped_column(String(6), primary_key=True)
    value_pk: Mapped[int] = mapped_column(ForeignKey("component_interface_value.pk"), primary_key=True)
