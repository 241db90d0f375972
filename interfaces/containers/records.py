"""The records that go into a container engine and come out of it: plain data, nothing of any engine's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from interfaces.containers.gpus import Gpu

OUTPUT_TARGET = "/output"
"""Where a container's output volume is mounted."""

TMP_TARGET = "/tmp"
"""Where a fresh volume is mounted that goes with the container."""

DEADLINE_LABEL = "component-flows.deadline"
"""Label with the UTC time (ISO 8601) after which a container may not live: time limit and grace, counted from creation.

The process that runs a container enforces its limit; should that process die, whoever reads this label can.
"""

StreamName = Literal["stdout", "stderr"]
OnOutput = Callable[[StreamName, bytes], None]


class StopSignal(Protocol):
    """Anything that can say that the work is to stop; a ``threading.Event`` is one."""

    def is_set(self) -> bool:
        """Whether to stop now."""


@dataclass(frozen=True, kw_only=True)
class BindMount:
    """A folder or file of this machine, as a container sees it.

    Attributes:
        source: Absolute path on the engine's machine; it must exist.
        target: Absolute path in the container.
        read_only: Whether the container may not write to it.
    """

    source: Path
    target: str
    read_only: bool = True


@dataclass(frozen=True, kw_only=True)
class ContainerSpec:
    """One container to run. The isolation that every container gets is not a choice and so not a field.

    Attributes:
        image: Id of an image that the engine has (``sha256:...``); a reference works too.
        name: The container's name, unique on the engine.
        labels: Labels on the container and on its volume for ``/tmp``.
        mounts: What it sees of this machine.
        output_volume: Name of the volume at ``/output``; one that is not there is made, with the container's labels.
        memory_bytes: Most memory, without swap; shared memory (``/dev/shm``) counts towards it.
        processes: Most processes and threads at a time.
        cpus: Most CPU cores; None: all.
        gpus: Ids (UUIDs) of the GPUs it gets.
        environment: Variables on top of the image's own.
        command: In place of the image's own command; its entry point stays.
        stop_grace_s: Seconds between SIGTERM and SIGKILL.
        disk_bytes: Most bytes it may write to disk, in its volumes and its own layer together; None: no bound.
        min_free_disk_bytes: What must stay free on the engine's disk; below it, containers are stopped.
    """

    image: str
    name: str
    output_volume: str
    memory_bytes: int
    processes: int = 512
    labels: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[BindMount, ...] = ()
    cpus: float | None = None
    gpus: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] | None = None
    stop_grace_s: float = 5.0
    disk_bytes: int | None = None
    min_free_disk_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a container used at one moment.

    Attributes:
        time: UTC.
        cpu_percent: 100 per core that was busy since the sample before.
        memory_bytes: Memory in use, without file pages that the kernel can drop at any time.
        disk_bytes: What it has on disk, in its volumes and its own layer; None where that can't be counted.
        gpu_percent: 100 per GPU of its own that was busy; None without one.
        gpu_memory_percent: 100 per GPU of its own whose memory is full; None without one.
    """

    time: datetime
    cpu_percent: float
    memory_bytes: int
    disk_bytes: int | None = None
    gpu_percent: float | None = None
    gpu_memory_percent: float | None = None


OnSample = Callable[[Sample], None]


@dataclass(frozen=True, kw_only=True)
class DiskExcess:
    """Why a container was stopped for what is on the disk.

    Attributes:
        own: Whether it wrote more than it may itself; otherwise the machine's disk ran full.
        written_bytes: What it had on disk when that was last counted; None where it can't be counted.
        free_bytes: What was left on the disk, or None.
    """

    own: bool
    written_bytes: int | None
    free_bytes: int | None


@dataclass(frozen=True, kw_only=True)
class ContainerResult:
    """What became of a container.

    Attributes:
        exit_code: Of its entry point; 128 + n where signal n ended it.
        started_at: UTC, from the engine.
        finished_at: UTC, from the engine.
        oom_killed: Whether the kernel ended it, or one of its processes, for want of memory.
        oom_events: How many of its processes the kernel ended so, at least.
        timed_out: Whether it was stopped because its time limit was over.
        stopped: Whether it was stopped because the caller asked for it.
        disk_excess: Why it was stopped for what is on the disk, or None.
        refused_forks: How many processes and threads it was refused since it had too many.
        interrupted: Whether the engine was out of reach for a while during the run; output may have been lost.
        output_complete: Whether stdout and stderr were read to their ends.
        error: The engine's own words on a failed run; mostly empty.
        peak_memory_bytes: The kernel's high-water mark, file pages included (so a job that reads much may touch its
            limit without needing it); None where nothing could be read.
        peak_working_set_bytes: The highest sampled memory in use without droppable file pages, or None.
        cpu_seconds: Processor time of all its processes, or None. This and the marks above are exact, unless the
            machine was too busy to read the counters in the milliseconds between the end and their removal.
        samples: Over time, at most 1,000; fewer per second the longer it ran.
        invoke_duration_s: Seconds that a warm container took to answer; None for a container of the job's own.
    """

    exit_code: int
    started_at: datetime
    finished_at: datetime
    oom_killed: bool = False
    oom_events: int = 0
    timed_out: bool = False
    stopped: bool = False
    disk_excess: DiskExcess | None = None
    refused_forks: int = 0
    interrupted: bool = False
    output_complete: bool = True
    error: str = ""
    peak_memory_bytes: int | None = None
    peak_working_set_bytes: int | None = None
    cpu_seconds: float | None = None
    samples: tuple[Sample, ...] = ()
    invoke_duration_s: float | None = None

    @property
    def exec_duration_s(self) -> float:
        """Seconds from the container's start to its end, by the engine's clock.

        An engine notes a start when it hears of it, which for a short run may be after its end: then it is 0.
        """
        return max(0.0, (self.finished_at - self.started_at).total_seconds())


OnEnd = Callable[[ContainerResult], object]


@dataclass(frozen=True, kw_only=True)
class ImageInfo:
    """An image that the engine has.

    Attributes:
        id: Its content's hash, ``sha256:...``.
        user: Who its process runs as; empty means root.
        architecture: Such as ``amd64``.
        os: Such as ``linux``.
        entrypoint: Empty where it has none.
        command: Empty where it has none.
        size_bytes: Unpacked.
        repo_tags: ``name:tag`` of each tag.
        labels: Its own labels.
        repo_digests: ``name@sha256:...`` for each registry that it came from or went to.
        environment: Variables that it sets.
        volumes: Paths that its VOLUME lines name.
        ports: Ports that its EXPOSE lines name, such as ``4743/tcp``.
        has_health_check: Whether it has a HEALTHCHECK.
        layers: How many it has.
    """

    id: str
    user: str
    architecture: str
    os: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    size_bytes: int
    repo_tags: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    repo_digests: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    has_health_check: bool = False
    layers: int = 0


@dataclass(frozen=True, kw_only=True)
class EngineInfo:
    """The engine and its machine.

    Attributes:
        version: Of the engine.
        api_version: The one that was agreed on.
        name: Host name of its machine.
        cpus: Cores.
        memory_bytes: Of its machine.
        cgroup_version: 1 or 2.
        gpus: The GPUs that it can hand to containers; empty where it can't or where they can't be seen from here.
        local: Whether paths of this process and of the engine mean the same files.
    """

    version: str
    api_version: str
    name: str
    cpus: int
    memory_bytes: int
    cgroup_version: int
    gpus: tuple[Gpu, ...]
    local: bool


@dataclass(frozen=True, kw_only=True)
class LeftContainer:
    """A container that still exists.

    Attributes:
        id: The engine's id.
        name: As it was given.
        state: ``created``, ``running``, ``exited``, ...
        created_at: UTC.
        labels: As they were given.
    """

    id: str
    name: str
    state: str
    created_at: datetime
    labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """What still exists on the engine under some labels.

    Attributes:
        containers: In any state.
        volumes: Labels by volume name.
    """

    containers: tuple[LeftContainer, ...]
    volumes: Mapping[str, Mapping[str, str]]

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.containers or self.volumes)
