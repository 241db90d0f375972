"""Leave nothing of a job behind but its record, its logs and its outputs."""

from __future__ import annotations

from interfaces.containers.protocol import ContainerEngine
from interfaces.engine import get_engine
from interfaces.jobs import ComponentJob
from interfaces.site import get_site
from interfaces.storage.job_folder import JobFolder
from tasks.job_logs import share_logs
from tasks.naming import output_volume


def deprovisioned(job: ComponentJob, engine: ContainerEngine | None = None) -> None:
    """Remove the job's folder and its output volume, and share its logs; doing it again changes nothing."""
    share_logs(get_site(), job.id)
    JobFolder.of(get_site(), job.id).remove()
    (engine or get_engine()).remove_volume(output_volume(job))
