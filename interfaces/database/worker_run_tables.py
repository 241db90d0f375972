"""The table of runs that workers run; see `interfaces.database.tables`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from interfaces.database.base import Base


class WorkerRunRow(Base):
    """A Prefect flow run that a worker has taken up: which process runs it, and how it ended."""

    __tablename__ = "worker_run"

    flow_run_id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
    # 1, and one more each time that it was taken up elsewhere.
    attempt: Mapped[int]
    owner: Mapped[str] = mapped_column(String(255))
    lease_until: Mapped[datetime | None]
    modified: Mapped[datetime]
    # Its job, where it is the run of one; or [kind, text] of what it failed with before there was a job.
    job_id: Mapped[UUID | None]
    error: Mapped[list[Any]]
