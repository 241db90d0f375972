"""What a job's things are called in the engine, and the labels by which they are found again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from interfaces.owners import Owner
from interfaces.site import get_site

if TYPE_CHECKING:  # pandas comes with it, which the guardian can do without
    from interfaces.jobs import ComponentJob

LABEL = "component-flows"
SITE_LABEL = f"{LABEL}.site"
OWNER_LABEL = f"{LABEL}.owner"
JOB_LABEL = f"{LABEL}.job"
ROLE_LABEL = f"{LABEL}.role"
WARM = "warm"
"""The role of a container that serves many jobs."""


def container_name(job: ComponentJob) -> str:
    """The name of the job's container."""
    return f"component-flows-{job.id}-{job.attempt}"


def output_volume(job: ComponentJob) -> str:
    """The name of the volume that is the container's /output."""
    return f"component-flows-{job.id}-{job.attempt}-output"


def warm_labels(job: ComponentJob) -> dict[str, str]:
    """The labels of a warm container, which serves other jobs of the component and of this process as well."""
    own = {f"{LABEL}.{name}" for name in ("job", "flow-run", "deadline")}
    kept = {name: value for name, value in labels(job).items() if name not in own}
    return {**kept, ROLE_LABEL: WARM}


def labels(job: ComponentJob) -> dict[str, str]:
    """The labels of the job's container and volume."""
    deadline = datetime.now(UTC) + timedelta(seconds=job.time_limit)
    return {
        SITE_LABEL: get_site().id,
        OWNER_LABEL: str(Owner.current()),
        JOB_LABEL: str(job.id),
        f"{LABEL}.component": job.component,
        f"{LABEL}.flow-run": str(job.flow_run_id or ""),
        f"{LABEL}.deadline": deadline.isoformat(timespec="seconds"),
    }
