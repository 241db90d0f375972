"""Run a job on a warm container: one that serves many jobs over HTTP (``method: invoke``)."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from dataclasses import replace

from interfaces.component import Method
from interfaces.containers.protocol import (
    BindMount,
    ContainerEngine,
    ContainerResult,
    ContainerSpec,
    OnEnd,
    OnOutput,
    OnSample,
    StopSignal,
)
from interfaces.database.component_records import find_components
from interfaces.jobs import ComponentJob
from interfaces.settings import Settings
from interfaces.site import Site
from interfaces.storage.job_folder import JobFolder
from interfaces.warm.container import INPUT_TARGET
from interfaces.warm.job_watch import WarmJob
from interfaces.warm.pool import WarmPool
from tasks.import_image import LOCAL_BASE_IMAGE
from tasks.naming import warm_labels

_pools: dict[tuple[int, Settings, ContainerEngine], WarmPool] = {}
_lock = threading.Lock()


def is_warm(job: ComponentJob, site: Site) -> bool:
    """Whether the job's component is called over HTTP."""
    with site.database.session() as session:
        return find_components(session, [job.component])[job.component].method is Method.INVOKE


def warm_run(site: Site, job: ComponentJob, engine: ContainerEngine) -> Callable[..., ContainerResult]:
    """A stand-in for `ContainerEngine.run` that takes a warm container of this process, or makes one.

    What is written to /output ends in the job's own volume (or its folder), and everything else as if the job had had a
    container of its own.
    """

    def run(
        spec: ContainerSpec,
        *,
        time_limit_s: float,
        on_output: OnOutput,
        stop: StopSignal,
        on_sample: OnSample,
        on_end: OnEnd,
        keep: bool,
    ) -> ContainerResult:
        folder = JobFolder.of(site, job.id)
        warm_job = WarmJob(
            inputs=folder.input,
            outputs=tuple(interface.relative_path for interface in job.output_interfaces.values()),
            volume=spec.output_volume,
            written=folder.written,
            output_bytes=site.settings.limits.output_bytes,
            time_limit_s=time_limit_s,
            on_output=on_output,
            on_sample=on_sample,
            stop=stop,
        )
        result = pool(site, engine).run(_warm_spec(site, job, spec), warm_job)
        on_end(result)
        return result

    return run


def pool(site: Site, engine: ContainerEngine) -> WarmPool:
    """The warm containers of this process; they are stopped at its end."""
    key = (os.getpid(), site.settings, engine)
    settings = site.settings
    with _lock:
        if key not in _pools:
            _pools[key] = WarmPool(
                engine,
                site.home / "warm",
                settings=settings.warm,
                helper=settings.warm.helper_image or settings.base_image or LOCAL_BASE_IMAGE,
            )
            atexit.register(_pools[key].close)
        return _pools[key]


def close_pools() -> None:
    """Stop all warm containers of this process, and wait until they are gone; later jobs start new ones."""
    with _lock:
        pools = [_pools.pop(key) for key in list(_pools) if key[0] == os.getpid()]
    for one in pools:
        atexit.unregister(one.close)
        one.close()


def _warm_spec(site: Site, job: ComponentJob, spec: ContainerSpec) -> ContainerSpec:
    """The job's container without what is the job's alone."""
    root, empty = JobFolder.of(site, job.id).root, site.home / "warm" / "empty"
    empty.mkdir(parents=True, exist_ok=True)
    mounts = tuple(
        BindMount(source=empty, target=mount.target) if mount.source.is_relative_to(root) else mount
        for mount in spec.mounts
        if mount.target != INPUT_TARGET
    )
    return replace(spec, labels=warm_labels(job), mounts=mounts)
