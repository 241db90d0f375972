"""The tables of runs of many jobs: of graphs, and of batches."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from interfaces.database.base import Base


class GraphRunRow(Base):
    """A `GraphRecord`: what a run of a graph was, or is so far; written as it begins, now and then, and at its end."""

    __tablename__ = "graph_run"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    graph_slug: Mapped[str] = mapped_column(String(255))
    # The graph and those within it, as they were then: a graph that is registered may change.
    definitions: Mapped[list[Any]]
    # Primary keys of values by name, and ids of jobs by path of the node; nothing queries into them.
    inputs: Mapped[dict[str, Any]]
    outputs: Mapped[dict[str, Any]]
    jobs: Mapped[dict[str, Any]]
    left_out: Mapped[dict[str, Any]]
    reused: Mapped[list[Any]]
    software: Mapped[dict[str, Any]]
    run_by: Mapped[str] = mapped_column(String(255))
    error_message: Mapped[str] = mapped_column(String(1024))
    started_at: Mapped[datetime]
    completed_at: Mapped[datetime | None] = mapped_column(index=True)
    # The process that runs it, as `Owner` writes it; of one that has ended, that ran it.
    runner: Mapped[str] = mapped_column(String(255), server_default="", default="")


class BatchRow(Base):
    """A `BatchRecord`: how a batch went, written when it has ended."""

    __tablename__ = "batch"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    summary: Mapped[dict[str, Any]]
    cases: Mapped[list[Any]]
    error_message: Mapped[str] = mapped_column(String(1024))
    started_at: Mapped[datetime]
    completed_at: Mapped[datetime] = mapped_column(index=True)
