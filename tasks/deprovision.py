"""Leave nothing of a job behind but its record, its logs and its outputs."""

from __future__ import annotations

from interfaces.containers.protocol import ContainerEngine
from interfaces.engine import get_engine
from interfaces.jobs import ComponentJob
from interfaces.site import get_site
from interfaces.storage.job_folder import JobFolder
from tasks.job_logs import share_logs
from tasks.naming import container_name, output_volume


def deprovisioned(job: ComponentJob, engine: ContainerEngine | None = None) -> None:
    """Remove the job's container, volume and folder, and share its logs; doing it again changes nothing."""
    engine = engine or get_engine()
    share_logs(get_site(), job.id)
    engine.remove_container(container_name(job))
    JobFolder.of(get_site(), job.id).remove()
    engine.remove_volume(output_volume(job))
