"""What became of a container whose run nobody saw to its end."""

from __future__ import annotations

from interfaces import messages
from interfaces.containers.protocol import ContainerEngine, ContainerResult
from interfaces.errors import ComponentException, RunnerLost
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.site import Site
from interfaces.verdicts import Verdict, container_verdict
from tasks.execute import container_limits, failed
from tasks.job_logs import STREAMS, JobLogs, Stream, kept_bytes, kept_tails
from tasks.naming import container_name
from tasks.record_result import this_instance
from tasks.records import moved, saved

LOST = "the process that ran the job went away, or its machine did"
_KILLED = (128 + 9, 128 + 15)


def adopted(site: Site, engine: ContainerEngine, job: ComponentJob, *, rebooted: bool = False) -> ComponentJob:
    """The executed job with what its container did, if that had come to its end by itself; else it is stopped.

    Args:
        site: Where its output is kept.
        engine: Where its container is.
        job: A job in the status EXECUTING that nobody watches.
        rebooted: Whether the engine's machine was started anew since.

    Raises:
        RunnerLost: The container had not come to its end.
        ComponentException: It had failed.
        EngineError: The engine broke off.
    """
    before = Verdict.of(job.verdict) if job.verdict else None
    if before is not None and before.is_failure:
        raise ComponentException(before.message, job=job)
    output: dict[str, bytearray] = {stream: bytearray() for stream in STREAMS}
    result = engine.settle(
        container_name(job),
        grace_s=site.settings.limits.stop_grace_s,
        on_output=lambda stream, data: output[stream].extend(data),
    )
    if result is None:
        raise RunnerLost(LOST)
    tails = _tails(site, job, output)
    job = saved(job.changed(exec_duration_s=result.exec_duration_s, stdout=tails["stdout"], stderr=tails["stderr"]))
    if result.stopped and result.exec_duration_s >= job.time_limit:
        raise ComponentException(messages.TIME_LIMIT, job=job)
    if result.stopped or _was_killed_from_outside(result, rebooted=rebooted):
        raise RunnerLost(LOST)
    verdict = container_verdict(result, stderr=job.stderr, limits=container_limits(site, job, this_instance(engine)))
    if verdict is not None and verdict.is_failure:
        raise failed(job, verdict)
    return moved(job, JobStatus.EXECUTED)


def _was_killed_from_outside(result: ContainerResult, *, rebooted: bool) -> bool:
    """Whether a container's end says nothing of the component."""
    return result.exit_code != 0 and not result.oom_killed and (rebooted or result.exit_code in _KILLED)


def _tails(site: Site, job: ComponentJob, output: dict[str, bytearray]) -> dict[Stream, str]:
    """Keep what the engine has of the output where that is more than what the dead process wrote; the last lines."""
    if sum(map(len, output.values())) >= kept_bytes(site, job.id):
        logs = JobLogs(site, job.id, lambda text: None)
        for stream, data in output.items():
            logs.take(stream, bytes(data))
        logs.close()
        return {stream: logs.tail(stream) for stream in STREAMS}
    return kept_tails(site, job.id)
