"""Records of runs as reports."""

from __future__ import annotations

from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.reports.record import JOB, RunReport, Step
from interfaces.reports.words import bytes_text, digest_text, duration_text, euro_text, seconds_text, time_text


def job_report(job: ComponentJob) -> RunReport:
    """A job as a report."""
    return RunReport(
        kind=JOB,
        id=job.id,
        title=job.component,
        name=job.name,
        status=job.status,
        message=job.error_message,
        started_at=job.started_at,
        completed_at=job.completed_at,
        flow_run_id=job.flow_run_id,
        facts=tuple(_job_facts(job)),
        inputs=job.inputs,
        outputs=job.outputs,
        steps=(job_step(job.name or job.component, job),),
    )


def job_step(name: str, job: ComponentJob, *, is_reused: bool = False) -> Step:
    """A job as a part of a run."""
    return Step(
        name=name,
        status=job.status,
        message=job.error_message,
        job=job,
        flow_run_id=job.flow_run_id,
        is_reused=is_reused,
    )


def failures_first(steps: list[Step]) -> tuple[Step, ...]:
    """The parts in their order, those that failed before the others, and what was cancelled after what failed."""
    places = {JobStatus.FAILURE: 0, JobStatus.CANCELLED: 1, JobStatus.SUCCESS: 3}
    return tuple(sorted(steps, key=lambda step: places.get(step.status, 2)))


def _job_facts(job: ComponentJob) -> list[tuple[str, str]]:
    waited = (job.started_at - job.created).total_seconds() if job.started_at is not None else None
    instance = job.runtime_metrics.get("instance") or {}
    machine = f"{instance.get('name')}, {instance.get('cpu')} cores, {instance.get('memory')} GB" if instance else ""
    gpus = f", {instance['gpus']} x {instance.get('gpu_type')}" if instance.get("gpus") else ""
    facts = [
        ("Job", str(job.id)),
        ("Image", f"{digest_text(job.image.sha256)} from {job.image.source}"),
        ("Model", digest_text(job.tarball.sha256) if job.tarball else ""),
        ("Created", time_text(job.created)),
        ("Waited", seconds_text(waited) if waited is not None else ""),
        ("Took", duration_text(job.duration) if job.duration is not None else ""),
        ("Limits", f"{job.time_limit} s, {job.requires_memory_gb:g} GB, GPU {job.requires_gpu_type or 'none'}"),
        ("Machine", machine + gpus),
        ("Cost", euro_text(job.compute_cost_euro_millicents) if job.compute_cost_euro_millicents is not None else ""),
        ("Attempt", f"{job.attempt + 1}" if job.attempt else ""),
        ("Repeats", f"the job {job.retry_of}" if job.retry_of else ""),
        ("Ran, since", job.why),
    ]
    return [(name, text) for name, text in facts if text]


def size_text(size: int) -> str:
    """The size of a value."""
    return bytes_text(size)
