"""A job's record in the database, moved on step by step."""

from __future__ import annotations

from typing import Any

from interfaces.database.job_records import load_job, save_job
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.site import get_site


def saved(job: ComponentJob) -> ComponentJob:
    """Write the record; gives it back."""
    with get_site().database.session() as session:
        save_job(session, job)
    return job


def moved(job: ComponentJob, status: JobStatus, **changes: Any) -> ComponentJob:
    """Move the job to another status and write its record."""
    return saved(job.moved_to(status, **changes))


def reread(job: ComponentJob) -> ComponentJob:
    """The record as the database has it now."""
    with get_site().database.session() as session:
        return load_job(session, job.id)
