"""Run a job's container under its limits, with its output and its use of the machine watched."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable

from prefect import task
from prefect.cache_policies import NO_CACHE

from interfaces import messages
from interfaces.containers.protocol import (
    BindMount,
    ContainerCannotStart,
    ContainerEngine,
    ContainerResult,
    ContainerSpec,
    Sample,
)
from interfaces.containers.runtime_metrics import Instance, runtime_metrics
from interfaces.engine import get_engine
from interfaces.errors import ComponentException
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.settings import LimitSettings
from interfaces.site import Site, get_site
from interfaces.storage.job_folder import JobFolder
from interfaces.tarballs import TarballKind, unpacked
from tasks.in_thread import in_thread
from tasks.job_logs import JobLogs
from tasks.naming import container_name, labels, output_volume
from tasks.records import moved, saved
from tasks.run_logging import show_in_run

GB = 2**30
POLL_S = 0.05


def container_spec(site: Site, job: ComponentJob) -> ContainerSpec:
    """What the job's container sees and may use."""
    folder = JobFolder.of(site, job.id)
    limits: LimitSettings = site.settings.limits
    model = unpacked(site, job.tarball.sha256) if job.tarball else folder.no_model
    return ContainerSpec(
        image=job.image.sha256,
        name=container_name(job),
        labels=labels(job),
        mounts=(
            BindMount(source=folder.input, target="/input"),
            BindMount(source=model, target=TarballKind.MODEL.mount_point),
        ),
        output_volume=output_volume(job),
        memory_bytes=int(job.requires_memory_gb * GB),
        processes=limits.processes,
        cpus=limits.cpus,
        stop_grace_s=limits.stop_grace_s,
    )


def instance(engine: ContainerEngine) -> Instance:
    """This machine as the contract's `runtime_metrics` describe it."""
    info = engine.info()
    return Instance(
        name=info.name,
        cpu=info.cpus,
        memory=round(info.memory_bytes / GB, 1),
        gpus=len(info.gpus),
        gpu_type=info.gpus[0].model if info.gpus else None,
    )


def executed(
    job: ComponentJob,
    *,
    show: Callable[[str], None],
    stop: threading.Event,
    engine: ContainerEngine | None = None,
) -> ComponentJob:
    """Run the container to its end.

    Args:
        job: A provisioned job.
        show: Takes the container's output for people to watch.
        stop: Once it is set, the container is stopped within its grace.
        engine: Where to run it.

    Returns:
        The executed job, with its output, its durations and its metrics.

    Raises:
        ComponentException: The container failed; the text is the message for the user, `.job` the record.
        EngineError: The engine broke off.
    """
    site = get_site()
    engine = engine or get_engine()
    if engine.image(job.image.sha256) is None:
        raise ComponentException(
            f"The container image of '{job.component}' is no longer in the engine; register the component again",
            job=job,
        )
    job = moved(job, JobStatus.EXECUTING)
    logs = JobLogs(site, job.id, show)

    def on_sample(_: Sample) -> None:
        logs.tick()

    engine.create_output_volume(output_volume(job), labels(job))
    try:
        result = engine.run(
            container_spec(site, job),
            time_limit_s=job.time_limit,
            on_output=logs.take,
            on_sample=on_sample,
            stop=stop,
        )
    except ContainerCannotStart as error:
        raise ComponentException(str(error), job=job) from error
    finally:
        logs.close()
    job = saved(
        job.changed(
            stdout=logs.tail("stdout"),
            stderr=logs.tail("stderr"),
            exec_duration_s=result.exec_duration_s,
            peak_memory_bytes=result.peak_memory_bytes,
            runtime_metrics=runtime_metrics(
                result, instance=instance(engine), memory_limit_bytes=int(job.requires_memory_gb * GB)
            ),
        )
    )
    if message := failure(result, job.stderr):
        raise ComponentException(message, job=job)
    return moved(job, JobStatus.EXECUTED)


def failure(result: ContainerResult, stderr: str) -> str:
    """The message for the user about a container that did not succeed; "" for one that did."""
    if result.stopped:
        return messages.CANCELLED
    if result.timed_out:
        return messages.TIME_LIMIT
    if result.exit_code == 0:
        return ""
    if result.oom_killed:
        return messages.MEMORY_LIMIT
    return messages.failed_with(stderr)


@task(name="execute", cache_policy=NO_CACHE)
async def execute(job: ComponentJob) -> ComponentJob:
    """Run the container; see `executed`. A cancellation stops it and waits until it is gone."""
    stop, started, ended = threading.Event(), threading.Event(), threading.Event()
    show = show_in_run()

    def work() -> ComponentJob:
        started.set()
        try:
            return executed(job, show=show, stop=stop)
        finally:
            ended.set()

    running = asyncio.ensure_future(in_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        # An event loop that is torn down cancels everything, this wait included; the thread alone knows its end.
        while started.is_set() and not ended.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(POLL_S)
        if running.done() and not running.cancelled():
            running.exception()  # taken, so that nobody is told of it twice
        raise
