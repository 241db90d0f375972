"""The tables of phases and of the submissions to them; see `interfaces.database.tables`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from interfaces.database.base import Base


class PhaseRow(Base):
    """A registered phase; its definition as JSON, since nothing queries into it."""

    __tablename__ = "phase"

    slug: Mapped[str] = mapped_column(String(255), primary_key=True)
    title: Mapped[str] = mapped_column(String(255), unique=True)
    definition: Mapped[dict[str, Any]]


class EvaluationRow(Base):
    """An `Evaluation`."""

    __tablename__ = "evaluation"
    __table_args__ = (Index("evaluations_by_phase", "phase_slug", "status", "created"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    created: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    status: Mapped[int]
    phase_slug: Mapped[str] = mapped_column(ForeignKey("phase.slug"))
    # No foreign key: it names a component or a graph.
    algorithm: Mapped[str] = mapped_column(String(255))
    version: Mapped[str] = mapped_column(String(71))
    failed_cases: Mapped[str] = mapped_column(String(5))
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("component_job.id"))
    metrics_pk: Mapped[int | None] = mapped_column(ForeignKey("component_interface_value.pk"))
    error_message: Mapped[str] = mapped_column(String(1024))
    runner: Mapped[str] = mapped_column(String(255))
    flow_run_id: Mapped[UUID | None]


class EvaluatedCaseRow(Base):
    """An `EvaluatedCase` of an evaluation."""

    __tablename__ = "evaluated_case"

    evaluation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluation.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    pk: Mapped[UUID | None]
    version: Mapped[str] = mapped_column(String(71))
    jobs: Mapped[dict[str, Any]]
    # The pks of the values, whose interfaces say their slugs.
    inputs: Mapped[list[Any]]
    outputs: Mapped[list[Any]]
    exec_duration_s: Mapped[float | None]
    invoke_duration_s: Mapped[float | None]
    error_message: Mapped[str] = mapped_column(Text)
