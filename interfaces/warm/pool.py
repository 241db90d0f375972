"""The warm containers of this process: taken for a job, given back, and stopped when nobody needs them any more.

They belong to one process and end with it. Should the process be killed, their labels tell whose they were.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from interfaces.containers.protocol import ContainerEngine
from interfaces.containers.records import BindMount, ContainerResult, ContainerSpec
from interfaces.errors import EngineError
from interfaces.owners import is_orphan, owned_name
from interfaces.settings import WarmSettings
from interfaces.warm.container import INPUT_TARGET, READY_S, WarmContainer
from interfaces.warm.job_watch import WarmJob

logger = logging.getLogger(__name__)

KEY_LABEL = "component-flows.component"
"""Containers are shared by jobs of one component only, even where several have the same image."""

_SHORTEST_LIFE_S = 3600.0


class WarmPool:
    """Safe to use from many threads."""

    def __init__(self, engine: ContainerEngine, folder: Path, *, settings: WarmSettings, helper: str) -> None:
        """Make a pool; it holds nothing yet.

        Args:
            engine: Where containers run.
            folder: For their inputs; on the file system of the jobs' inputs.
            settings: When a container is retired.
            helper: Reference of the image that helps to reach them; see `ContainerEngine.reach`.
        """
        self._engine, self._folder, self._settings, self._helper = engine, folder, settings, helper
        self._process = os.getpid()
        self._all: set[WarmContainer] = set()
        self._idle: list[WarmContainer] = []
        self._changed = threading.Condition()
        self._closed = False
        self._tidier: threading.Thread | None = None
        self._remove_orphans()

    def run(self, spec: ContainerSpec, job: WarmJob) -> ContainerResult:
        """Run a job on an idle container that fits, or on a new one.

        Args:
            spec: What container the job wants. Its name and output volume are not used, and /input is added.
            job: The job.

        Returns:
            What became of the job, as if it had a container of its own.

        Raises:
            ContainerCannotStart: The image can't run, or its server is not ready in time.
            EngineError: The engine broke off.
        """
        container = self._take(spec, job) or self._open(spec, job)
        try:
            return container.serve(job)
        finally:
            self._give_back(container)

    def close(self) -> None:
        """Stop all containers and wait until they are gone. Nothing happens in a process that was forked off."""
        if os.getpid() != self._process:
            return
        with self._changed:
            self._closed = True
            containers = list(self._all)
            self._idle.clear()
            self._changed.notify_all()
        for container in containers:
            container.retire(wait=False)
        for container in containers:
            container.retire()

    def _take(self, spec: ContainerSpec, job: WarmJob) -> WarmContainer | None:
        while True:
            with self._changed:
                fitting = [one for one in self._idle if _same(one.spec, spec)]
                if not fitting:
                    return None
                # The one that was used last: the others get the chance to be idle for long enough.
                container = fitting[-1]
                self._idle.remove(container)
            lives_s = container.expires - time.monotonic() - spec.stop_grace_s
            if lives_s > job.time_limit_s and container.is_ready(job.stop):
                return container
            container.retire(wait=False)

    def _open(self, spec: ContainerSpec, job: WarmJob) -> WarmContainer:
        name = f"component-flows-warm-{uuid4().hex}"
        folder = self._folder / f"{owned_name()}{name}"
        (folder / "input").mkdir(parents=True)
        for place in (folder, folder / "input"):
            place.chmod(0o755)
        own = replace(
            spec,
            name=name,
            output_volume=f"{name}-output",
            mounts=(BindMount(source=folder / "input", target=INPUT_TARGET), *spec.mounts),
        )
        life_s = max(_SHORTEST_LIFE_S, 2 * job.time_limit_s) + READY_S
        container = WarmContainer(self._engine, own, folder=folder, life_s=life_s, helper=self._helper)
        with self._changed:
            if self._closed:
                shutil.rmtree(folder)
                raise EngineError("no more jobs are run, since this process is ending")
            self._all = {one for one in self._all if not one.is_gone} | {container}
        return container

    def _give_back(self, container: WarmContainer) -> None:
        if container.fit:
            container.tidy()
        # Its GPU is lent to a job: once that is over, it must be free.
        keep = container.fit and container.jobs < self._settings.max_jobs and not container.spec.gpus
        surplus: list[WarmContainer] = [] if keep else [container]
        with self._changed:
            if keep and not self._closed:
                self._idle.append(container)
                while len(self._idle) > self._settings.max_idle:
                    surplus.append(self._idle.pop(0))
                if self._tidier is None:
                    self._tidier = threading.Thread(target=self._retire_idle, name="warm-containers", daemon=True)
                    self._tidier.start()
                self._changed.notify_all()
            elif keep:
                surplus.append(container)
        for one in surplus:
            one.retire(wait=not one.fit or bool(one.spec.gpus))

    def _retire_idle(self) -> None:
        """Retires what was idle for too long; ends when nothing is idle."""
        while True:
            with self._changed:
                if not self._idle:
                    self._tidier = None
                    return
                due = self._idle[0].idle_since + self._settings.idle_s
                if due > time.monotonic():
                    self._changed.wait(due - time.monotonic())
                    continue
                container = self._idle.pop(0)
            container.retire(wait=False)

    def _remove_orphans(self) -> None:
        """Remove the folders of processes that were killed; their containers are found by label."""
        if not self._folder.is_dir():
            return
        for folder in self._folder.iterdir():
            if is_orphan(folder.name):
                shutil.rmtree(folder, ignore_errors=True)


def _same(one: ContainerSpec, other: ContainerSpec) -> bool:
    """Whether jobs that want these can share a container."""
    return _key(one) == _key(other)


def _key(spec: ContainerSpec) -> ContainerSpec:
    labels: Mapping[str, str] = {KEY_LABEL: spec.labels.get(KEY_LABEL, "")}
    mounts = tuple(mount for mount in spec.mounts if mount.target != INPUT_TARGET)
    return replace(spec, name="", output_volume="", labels=labels, mounts=mounts)
