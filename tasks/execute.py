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
from interfaces.containers.runtime_metrics import Instance
from interfaces.engine import get_engine
from interfaces.errors import ComponentException, EngineInterrupted
from interfaces.gpu_leases import GPUS_LABEL, GpuMissing, leased_gpus
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.settings import LimitSettings
from interfaces.site import Site, get_site
from interfaces.storage.job_folder import JobFolder
from interfaces.tarballs import TarballKind, unpacked
from interfaces.verdicts import Limits, Verdict, VerdictKind, container_verdict, error_verdict
from tasks.ensure_image import ImageMissing, ensure_image
from tasks.in_thread import in_thread
from tasks.invoke import is_warm, warm_run
from tasks.job_logs import JobLogs
from tasks.naming import container_name, labels, output_volume
from tasks.provision import provisioned
from tasks.record_result import this_instance, with_result
from tasks.records import moved, saved
from tasks.run_logging import show_in_run

GB = 2**30
POLL_S = 0.05
KILLED = (128 + 9, 128 + 15, 255)
"""How a container ends that its engine takes down with it; 255 where it was not there to see how."""


def container_spec(site: Site, job: ComponentJob, gpus: tuple[str, ...] = ()) -> ContainerSpec:
    """What the job's container sees and may use; `gpus` are the ids of those that it holds a lease on."""
    folder = JobFolder.of(site, job.id)
    limits: LimitSettings = site.settings.limits
    tarballs = {TarballKind.MODEL: folder.no_model}
    if job.tarball:
        tarballs[job.tarball.kind] = unpacked(site, job.tarball.sha256)
    return ContainerSpec(
        image=job.image.sha256,
        name=container_name(job),
        labels=labels(job) | ({GPUS_LABEL: ",".join(gpus)} if gpus else {}),
        gpus=gpus,
        mounts=(
            BindMount(source=folder.input, target="/input"),
            *(BindMount(source=source, target=kind.mount_point) for kind, source in tarballs.items()),
        ),
        output_volume=output_volume(job),
        memory_bytes=int(job.requires_memory_gb * GB),
        processes=limits.processes,
        cpus=limits.cpus,
        stop_grace_s=limits.stop_grace_s,
        disk_bytes=limits.disk_bytes,
        min_free_disk_bytes=limits.min_free_disk_bytes,
    )


def executed(
    job: ComponentJob,
    *,
    show: Callable[[str], None],
    stop: threading.Event,
    engine: ContainerEngine | None = None,
) -> ComponentJob:
    """Run the container to its end, with a GPU of its own where it wants one.

    Args:
        job: A provisioned job.
        show: Takes the container's output for people to watch.
        stop: Once it is set, the container is stopped within its grace; a wait for a GPU ends, too.
        engine: Where to run it.

    Returns:
        The executed job, with its output, its durations and its metrics.

    Raises:
        ComponentException: The container failed; the text is the message for the user, `.job` the record.
        EngineError: The engine broke off.
    """
    site = get_site()
    engine = engine or get_engine()
    try:
        ensure_image(engine, job.image, stop=stop)
    except ImageMissing as error:
        raise failed(job, Verdict(kind=VerdictKind.IMAGE_MISSING, message=str(error))) from error
    wanted, wait_s = job.requires_gpu_type, site.settings.limits.gpu_wait_s
    try:
        with leased_gpus(site.gpus_folder, wanted, engine=engine, stop=stop, wait_s=wait_s, on_wait=show) as gpus:
            if wanted and not gpus:
                raise failed(job, Verdict(kind=VerdictKind.CANCELLED, message=messages.CANCELLED))
            return _run(site, job, gpus, engine=engine, show=show, stop=stop)
    except GpuMissing as error:
        raise failed(job, error_verdict(error, status=job.status, message=str(error))) from error


def _run(
    site: Site,
    job: ComponentJob,
    gpus: tuple[str, ...],
    *,
    engine: ContainerEngine,
    show: Callable[[str], None],
    stop: threading.Event,
) -> ComponentJob:
    job = moved(job, JobStatus.EXECUTING)
    logs = JobLogs(site, job.id, show)

    def on_sample(_: Sample) -> None:
        logs.tick()

    def at_its_end(result: ContainerResult) -> ComponentJob:
        logs.close()
        return with_end(job, result, logs, engine)

    run = engine.run
    if is_warm(job, site):  # a container of the job's own brings its volume into being
        engine.create_output_volume(output_volume(job), labels(job))
        run = warm_run(site, job, engine)
    ended: list[ComponentJob] = []
    try:
        run(
            container_spec(site, job, gpus),
            time_limit_s=job.time_limit,
            on_output=logs.take,
            on_sample=on_sample,
            stop=stop,
            # Before the container is removed: a crash in between would lose what it has finished.
            on_end=lambda result: ended.append(at_its_end(result)),
            keep=True,  # its room on the machine is given up at its end; `deprovisioned` removes it
        )
    except ContainerCannotStart as error:
        job = job.changed(stderr=logs.tail("stderr"))
        raise failed(job, error_verdict(error, status=job.status, message=str(error))) from error
    finally:
        logs.close()
    return ended[0]


def with_end(job: ComponentJob, result: ContainerResult, logs: JobLogs, engine: ContainerEngine) -> ComponentJob:
    """Write what a container's end means for its job.

    Returns:
        The executed job.

    Raises:
        ComponentException: The container failed.
        EngineInterrupted: Its engine took it down.
    """
    if _taken_down(result):
        raise EngineInterrupted(f"the engine was restarted while the container of '{job.component}' ran, and ended it")
    here = this_instance(engine)
    verdict = container_verdict(result, stderr=logs.tail("stderr"), limits=container_limits(get_site(), job, here))
    job = with_result(job, result, logs, here).changed(verdict=verdict.document() if verdict is not None else None)
    if verdict is not None and verdict.is_failure:
        raise ComponentException(verdict.message, job=saved(job))
    return moved(job, JobStatus.EXECUTED)


def _taken_down(result: ContainerResult) -> bool:
    """Whether the container ended since its engine was restarted, and for no reason of its own or of ours."""
    on_purpose = result.oom_killed or result.timed_out or result.stopped
    return result.interrupted and not on_purpose and result.exit_code in KILLED


def container_limits(site: Site, job: ComponentJob, here: Instance) -> Limits:
    """What the job's container is allowed, and what could be had here at most."""
    limits: LimitSettings = site.settings.limits
    return Limits(
        memory_bytes=int(job.requires_memory_gb * GB),
        time_limit_s=job.time_limit,
        processes=limits.processes,
        disk_bytes=limits.disk_bytes,
        gpu_type=job.requires_gpu_type,
        most_memory_gb=limits.max_memory_gb or here.memory,
        most_time_s=limits.max_time_limit_s,
    )


def failed(job: ComponentJob, verdict: Verdict) -> ComponentException:
    """Put a verdict on the job's record; gives what to raise."""
    return ComponentException(verdict.message, job=saved(job.changed(verdict=verdict.document())))


@task(name="execute", task_run_name="execute", cache_policy=NO_CACHE)
async def execute(job: ComponentJob) -> ComponentJob:
    """Lay the inputs out and run the container; see `provisioned` and `executed`.

    A cancellation stops it and waits until it is gone.
    """
    stop, started, ended = threading.Event(), threading.Event(), threading.Event()
    show = show_in_run()

    def work() -> ComponentJob:
        started.set()
        try:
            return executed(provisioned(job), show=show, stop=stop)
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
