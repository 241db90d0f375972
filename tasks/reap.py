"""Bring every job to its end whose process died, and leave nothing of it behind.

What its container had finished is taken: its outputs are collected as they would have been. What was still running is
stopped. Two that reap at once share the jobs between them; doing it again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from interfaces import messages
from interfaces.containers.protocol import ContainerEngine
from interfaces.database.admission_records import forget
from interfaces.database.job_records import load_job
from interfaces.database.lease_records import Lease, hand_back, leases, release, take_over, was_cancelled
from interfaces.engine import get_engine
from interfaces.errors import ComponentException, RunnerLost
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.owners import Owner
from interfaces.site import Site, get_site
from interfaces.storage.job_folder import JobFolder
from tasks.adopt import LOST, adopted
from tasks.collect_outputs import collected
from tasks.deprovision import deprovisioned
from tasks.finish_job import ended
from tasks.naming import JOB_LABEL
from tasks.records import moved
from tasks.run_logging import run_logger
from tasks.sweep import Swept, sweep


@dataclass(frozen=True, kw_only=True)
class Reaped:
    """What was brought to its end.

    Attributes:
        jobs: The jobs, in their final status.
        swept: What was removed besides.
    """

    jobs: tuple[ComponentJob, ...] = ()
    swept: Swept = field(default_factory=Swept)

    def __bool__(self) -> bool:
        """Whether there was anything to do."""
        return bool(self.jobs or self.swept)


def reaped(engine: ContainerEngine | None = None) -> Reaped:
    """Settle the jobs of processes that died, and remove what they left.

    What follows those jobs is not run here; see `flows.maintenance`.

    Raises:
        EngineUnavailable: No container engine answers: what became of their containers can't be known.
        EngineError: It broke off; what was not settled is left for the next time.
    """
    site, engine = get_site(), engine or get_engine()
    with site.database.session() as session:
        over = [lease for lease in leases(session) if lease.is_over()]
    jobs = [job for lease in over if (job := _settled(site, engine, lease)) is not None]
    return Reaped(jobs=tuple(jobs), swept=sweep(site, engine))


def _settled(site: Site, engine: ContainerEngine, lease: Lease) -> ComponentJob | None:
    with site.database.session() as session:
        if not take_over(session, lease):
            return None
        job = load_job(session, lease.job_id)
    try:
        job = _at_its_end(site, engine, job, lease)
        deprovisioned(job, engine)
    except BaseException:
        with site.database.session() as session:
            hand_back(session, lease)
        raise
    with site.database.session() as session:
        forget(session, job.id)
        release(session, job.id)
    return job


def _at_its_end(site: Site, engine: ContainerEngine, job: ComponentJob, lease: Lease) -> ComponentJob:
    if job.status.is_final:
        return job
    run_logger().warning("The job %s was left %s by a process that died", job.id, job.status.label)
    try:
        if job.status is JobStatus.EXECUTING:
            job = adopted(site, engine, job, rebooted=_rebooted(lease))
        if job.status not in (JobStatus.EXECUTED, JobStatus.PARSING) or not _is_here(site, engine, job):
            raise RunnerLost(LOST)
        JobFolder.of(site, job.id).renew_taken()
        return collected(job, engine)
    except (ComponentException, RunnerLost) as error:
        with site.database.session() as session:
            cancelled = was_cancelled(session, job.id)
        if cancelled:
            return moved(job, JobStatus.CANCELLED, error_message=messages.CANCELLED)
        final = ended(job, error).job
        assert final is not None  # `ended` sets it
        return final


def _is_here(site: Site, engine: ContainerEngine, job: ComponentJob) -> bool:
    """Whether the job ran on this machine or engine: one that is gone has taken with it what the job left there."""
    if JobFolder.of(site, job.id).root.is_dir():
        return True
    left = engine.leftovers({JOB_LABEL: str(job.id)})
    return bool(left.containers or left.volumes)


def _rebooted(lease: Lease) -> bool:
    """Whether the machine was started anew since: then a container's end says nothing of the component."""
    owner, here = Owner.from_text(lease.owner), Owner.current()
    return owner is not None and owner.host == here.host and owner.boot != here.boot
