"""What a container's run leaves in its job's record: output, durations, what it used of the machine."""

from __future__ import annotations

from functools import lru_cache

from interfaces.containers.protocol import ContainerEngine, ContainerResult
from interfaces.containers.runtime_metrics import Instance, runtime_metrics
from interfaces.costs import priced_instance
from interfaces.jobs import ComponentJob
from interfaces.settings import get_settings
from tasks.job_logs import JobLogs

GB = 2**30


def with_result(job: ComponentJob, result: ContainerResult, logs: JobLogs, instance: Instance) -> ComponentJob:
    """The job's record with what its container left; its cost follows with its final status, when its use has ended.

    Args:
        job: The executing job.
        result: Of its container.
        logs: Its output, closed.
        instance: The machine that it ran on; see `this_instance`.
    """
    return job.changed(
        stdout=logs.tail("stdout"),
        stderr=logs.tail("stderr"),
        exec_duration_s=result.exec_duration_s,
        invoke_duration_s=result.invoke_duration_s,
        peak_memory_bytes=result.peak_memory_bytes,
        cpu_seconds=result.cpu_seconds,
        runtime_metrics=runtime_metrics(
            result,
            instance=instance,
            memory_limit_bytes=int(job.requires_memory_gb * GB),
            disk_limit_bytes=get_settings().limits.disk_bytes,
        ),
    )


def this_instance(engine: ContainerEngine) -> Instance:
    """The machine of an engine, as `runtime_metrics` describe it: the row that the settings name, else what it is."""
    row = priced_instance(get_settings().costs)
    if row is None:
        return _measured(engine)  # type: ignore[arg-type]  # a protocol does not say that it can be hashed
    return Instance(name=row.name, cpu=row.cpu, memory=row.memory, gpus=row.gpus, gpu_type=row.gpu_type)


@lru_cache(maxsize=4)
def _measured(engine: ContainerEngine) -> Instance:
    # Asked once: an engine takes some hundredths of a second to describe itself, and its machine stays what it is.
    info = engine.info()
    return Instance(
        name=info.name,
        cpu=info.cpus,
        memory=round(info.memory_bytes / GB, 1),
        gpus=len(info.gpus),
        gpu_type=info.gpus[0].model if info.gpus else None,
    )
