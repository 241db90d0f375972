"""Lay a job's inputs out as its container will see them."""

from __future__ import annotations

from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.site import get_site
from interfaces.storage.job_folder import JobFolder
from interfaces.tarballs import unpacked
from tasks.records import moved


def provisioned(job: ComponentJob) -> ComponentJob:
    """Make the job's folder with its inputs, and see that its model is unpacked.

    Raises:
        ValidationError: An input can't be laid out (a ZIP file that can't be unpacked, say).
    """
    site = get_site()
    job = moved(job, JobStatus.PROVISIONING)
    folder = JobFolder.of(site, job.id)
    folder.create()
    folder.place_inputs(
        job.inputs, job.input_prefixes, unpacked_bytes=site.settings.limits.output_bytes, staged=job.staged
    )
    if job.tarball is not None:
        unpacked(site, job.tarball.sha256)
    return moved(job, JobStatus.PROVISIONED)
