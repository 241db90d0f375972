"""Records of runs as reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from interfaces.batch_records import BatchRecord
from interfaces.crates.records import STOPPED, GraphRecord
from interfaces.evaluations import EvaluatedCase, Evaluation
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.reports.record import BATCH, EVALUATION, GRAPH, JOB, RunReport, Step
from interfaces.reports.words import bytes_text, digest_text, duration_text, euro_text, seconds_text, time_text

MOST_STEPS = 500
"""Parts of a run that a report holds; of more, those that failed and as many others as there is room for."""

Times = Mapping[UUID, tuple[datetime, datetime | None]]
"""By Prefect run, when it began, and when it ended if it has."""


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
        facts=job_facts(job),
        inputs=job.inputs,
        outputs=job.outputs,
        steps=(job_step(job.name or job.component, job),),
    )


def graph_report(run: GraphRecord) -> RunReport:
    """A run of a graph as a report."""
    ordered = sorted(run.jobs.items(), key=lambda item: item[1].created)
    # Also a node that found another run of the same work under way has that one's job.
    reused = {path for path, job in ordered if path in run.reused or job.created < run.started_at}
    steps = [job_step(path, job, is_reused=path in reused) for path, job in ordered]
    kept, omitted = _some(steps)
    ran = len(run.jobs) - len(reused)
    return RunReport(
        kind=GRAPH,
        id=run.id,
        title=run.graph.title,
        name=run.graph.slug,
        status=_status(run.error_message),
        message=run.error_message,
        started_at=run.started_at,
        completed_at=run.completed_at,
        flow_run_id=run.id,
        facts=_told(
            ("Run", str(run.id)),
            ("Jobs", f"{ran} ran" + (f", {len(reused)} taken from earlier runs" if reused else "")),
            ("Began", time_text(run.started_at)),
            ("Took", duration_text(run.completed_at - run.started_at)),
            *totals([job for path, job in ordered if path not in reused]),
            ("Run by", run.run_by),
        ),
        inputs=run.inputs,
        outputs=run.outputs,
        steps=kept,
        left_out=run.left_out,
        omitted=omitted,
    )


def _status(error_message: str) -> JobStatus:
    if error_message == STOPPED:
        return JobStatus.CANCELLED
    return JobStatus.FAILURE if error_message else JobStatus.SUCCESS


def batch_report(
    batch: BatchRecord, *, jobs: Mapping[UUID, ComponentJob] | None = None, times: Times | None = None
) -> RunReport:
    """A batch as a report.

    Args:
        batch: The batch.
        jobs: Those of its jobs that are to be told about.
        times: When the runs of its cases began and ended, where no job tells.
    """
    summary, jobs, times = batch.summary, jobs or {}, times or {}
    steps = []
    for case in batch.cases:
        job = jobs.get(case.job) if case.job is not None else None
        own = job is not None and job.flow_run_id == case.flow_run_id
        began, ended = times.get(case.flow_run_id, (None, None)) if case.flow_run_id is not None else (None, None)
        steps.append(
            Step(
                name=case.name,
                status=case.status,
                message=case.message,
                job=job if own else None,
                flow_run_id=case.flow_run_id,
                is_reused=own and job is not None and job.created < batch.started_at,
                began=began,
                ended=ended,
                took_s=case.duration_s,
            )
        )
    before = f", {summary.kept} of them before" if summary.kept else ""
    reasons = [
        (
            f"{one.count} failed",
            f"{one.message} ({', '.join(one.cases)}{', ...' if one.count > len(one.cases) else ''})",
        )
        for one in summary.reasons
    ]
    return RunReport(
        kind=BATCH,
        id=batch.id,
        title=summary.name,
        name=f"{summary.cases:,} cases",
        status=JobStatus.FAILURE if summary.failed or batch.error_message else JobStatus.SUCCESS,
        message=batch.error_message or (f"{summary.failed} of {summary.cases} cases failed." if summary.failed else ""),
        started_at=batch.started_at,
        completed_at=batch.completed_at,
        flow_run_id=batch.id,
        facts=_told(
            ("Run", str(batch.id)),
            ("Cases", f"{summary.succeeded} of {summary.cases} cases succeeded{before}; {summary.failed} failed."),
            *reasons,
            ("Began", time_text(batch.started_at)),
            ("Took", seconds_text(summary.seconds)),
            *totals([step.job for step in steps if step.job is not None and not step.is_reused]),
            ("Results", str(summary.results or "")),
        ),
        steps=tuple(steps),
        part="case",
        omitted=summary.cases - len(steps),
    )


def evaluation_report(
    evaluation: Evaluation,
    cases: Sequence[EvaluatedCase],
    jobs: Mapping[UUID, ComponentJob],
    *,
    results: Sequence[tuple[str, str]] = (),
) -> RunReport:
    """An evaluation as a report.

    Args:
        evaluation: The submission.
        cases: What the algorithm made of the cases.
        jobs: Those of their jobs that are known, and the evaluation's own.
        results: Further lines, such as the rank and the scores.
    """
    own = jobs.get(evaluation.job) if evaluation.job is not None else None
    steps = [step for case in cases for step in _case_steps(case, jobs, evaluation)]
    kept, omitted = _some(steps)
    failed = sum(case.failed for case in cases)
    if own is not None:
        kept = (*kept, job_step("evaluation", own, is_reused=own.created < evaluation.created))
    return RunReport(
        kind=EVALUATION,
        id=evaluation.id,
        title=evaluation.phase,
        name=evaluation.algorithm,
        status=evaluation.status,
        message=evaluation.error_message,
        started_at=evaluation.created,
        completed_at=evaluation.completed_at,
        flow_run_id=evaluation.flow_run_id,
        facts=_told(
            ("Evaluation", str(evaluation.id)),
            *results,
            ("Cases", f"{len(cases) - failed} of {len(cases)} succeeded" + (f"; {failed} failed" if failed else "")),
            ("Algorithm", f"{evaluation.algorithm}, {digest_text(evaluation.version)}"),
            ("Submitted", time_text(evaluation.created)),
            *totals([step.job for step in kept if step.job is not None and not step.is_reused]),
        ),
        inputs={name: value for name, value in own.inputs.items() if name != _PREDICTIONS} if own is not None else {},
        outputs=own.outputs if own is not None else {},
        steps=kept,
        part="case",
        omitted=omitted,
    )


_PREDICTIONS = "predictions-json-file"


def _case_steps(case: EvaluatedCase, jobs: Mapping[UUID, ComponentJob], evaluation: Evaluation) -> list[Step]:
    found = [
        job_step(
            f"{case.name}/{node}" if node else case.name, jobs[one], is_reused=jobs[one].created < evaluation.created
        )
        for node, one in case.jobs.items()
        if one in jobs
    ]
    if found and (not case.failed or any(step.is_failure for step in found)):
        return found
    status = JobStatus.FAILURE if case.failed else JobStatus.SUCCESS
    return [*found, Step(name=case.name, status=status, message=case.error_message, took_s=case.exec_duration_s)]


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


def _some(steps: list[Step]) -> tuple[tuple[Step, ...], int]:
    """As many parts as a report holds, in their order, and how many are left out."""
    if len(steps) <= MOST_STEPS:
        return tuple(steps), 0
    failed = sum(step.is_failure for step in steps)
    room = {True: min(failed, MOST_STEPS), False: max(0, MOST_STEPS - failed)}
    kept = []
    for step in steps:
        if room[step.is_failure]:
            room[step.is_failure] -= 1
            kept.append(step)
    return tuple(kept), len(steps) - len(kept)


def totals(jobs: Sequence[ComponentJob]) -> list[tuple[str, str]]:
    """What some jobs used together."""
    if not jobs:
        return []
    cpu = [job.cpu_seconds for job in jobs if job.cpu_seconds is not None]
    peaks = [job.peak_memory_bytes for job in jobs if job.peak_memory_bytes is not None]
    costs = [job.compute_cost_euro_millicents for job in jobs if job.compute_cost_euro_millicents is not None]
    durations = [job.duration.total_seconds() for job in jobs if job.duration is not None]
    return [
        ("All jobs together", seconds_text(sum(durations)) if durations else ""),
        ("CPU time", seconds_text(sum(cpu)) if cpu else ""),
        ("Highest memory of a job", bytes_text(max(peaks)) if peaks else ""),
        ("Cost", euro_text(sum(costs)) if costs else ""),
    ]


def _told(*facts: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, text in facts if text)


def job_facts(job: ComponentJob) -> tuple[tuple[str, str], ...]:
    """What is told of a job in lines: what, and its text."""
    waited = (job.started_at - job.created).total_seconds() if job.started_at is not None else None
    instance = job.runtime_metrics.get("instance") or {}
    machine = f"{instance.get('name')}, {instance.get('cpu')} cores, {instance.get('memory')} GB" if instance else ""
    gpus = f", {instance['gpus']} x {instance.get('gpu_type')}" if instance.get("gpus") else ""
    gpu = f", {job.requires_gpu_type}" if job.requires_gpu_type else ""
    cost = job.compute_cost_euro_millicents
    return _told(
        ("Job", str(job.id)),
        ("Image", f"{job.image.sha256} from {job.image.source}"),
        ("Model", job.tarball.sha256 if job.tarball else ""),
        ("Created", time_text(job.created)),
        ("Waited", seconds_text(waited) if waited is not None else ""),
        ("Took", duration_text(job.duration) if job.duration is not None else ""),
        ("Limits", f"{job.time_limit} s, {job.requires_memory_gb:g} GB{gpu}"),
        ("Machine", machine + gpus),
        ("Cost", euro_text(cost) if cost is not None else ""),
        ("Attempt", f"{job.attempt + 1}" if job.attempt else ""),
        ("Repeats", f"the job {job.retry_of}" if job.retry_of else ""),
        ("Ran, since", job.why),
    )
