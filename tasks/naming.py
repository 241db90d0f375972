"""What a job's things are called in the engine, and the labels by which they are found again."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta

from interfaces.jobs import ComponentJob

LABEL = "component-flows"


def container_name(job: ComponentJob) -> str:
    """The name of the job's container."""
    return f"component-flows-{job.id}-{job.attempt}"


def output_volume(job: ComponentJob) -> str:
    """The name of the volume that is the container's /output."""
    return f"component-flows-{job.id}-{job.attempt}-output"


def labels(job: ComponentJob) -> dict[str, str]:
    """The labels of the job's container and volume."""
    deadline = datetime.now(UTC) + timedelta(seconds=job.time_limit)
    return {
        f"{LABEL}.job": str(job.id),
        f"{LABEL}.component": job.component,
        f"{LABEL}.flow-run": str(job.flow_run_id or ""),
        f"{LABEL}.host": socket.gethostname(),
        f"{LABEL}.pid": str(os.getpid()),
        f"{LABEL}.deadline": deadline.isoformat(timespec="seconds"),
    }
