"""One GPU, one job: leases on the GPUs of this machine, kept as file locks in the site's home.

The kernel drops a lock with its process, however that ends, so no lease outlives its job's runner. The container may: a
runner that was killed leaves it behind until it is reaped. So a device counts as taken, too, as long as a running
container has a label that names it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from interfaces.containers.gpus import Gpu, is_of_type
from interfaces.containers.protocol import ContainerEngine, StopSignal
from interfaces.errors import EngineError

GPUS_LABEL = "component-flows.gpus"
"""Label of a container with the ids of its GPUs, separated by commas."""

_LOOK_AGAIN_S = 0.5
_SITTING = frozenset({"created", "running", "paused", "restarting"})


class GpuMissing(EngineError):
    """No GPU of the wanted type is here, or none became free in time."""


def check_gpu(wanted: str, here: Sequence[Gpu]) -> None:
    """See that a job that wants a GPU could have one.

    Args:
        wanted: The type; "" is none, and always to be had.
        here: The GPUs that the engine can hand to containers.

    Raises:
        GpuMissing: There is none of that type; the text names what there is.
    """
    if wanted and not any(is_of_type(gpu, wanted) for gpu in here):
        found = ", ".join(sorted({gpu.model for gpu in here}))
        there = f"there is only: {found}" if found else "this engine has none to give"
        raise GpuMissing(f"a GPU of type {wanted} is needed, but {there}")


@contextmanager
def leased_gpus(
    folder: Path,
    wanted: str,
    *,
    engine: ContainerEngine,
    stop: StopSignal,
    wait_s: float,
    on_wait: Callable[[str], None] = lambda text: None,
) -> Iterator[tuple[str, ...]]:
    """Hold a GPU of a type, waiting until one is free.

    Args:
        folder: Where the site keeps its locks; made if need be.
        wanted: The type; "" for none.
        engine: Whose GPUs they are.
        stop: Gives up the wait.
        wait_s: The longest wait.
        on_wait: Told once, in a sentence, that it has to wait.

    Yields:
        The ids for the container's device request; none where no GPU is wanted or the wait was given up.

    Raises:
        GpuMissing: There is none of that type, or none became free in time.
    """
    here = engine.info().gpus if wanted else ()
    check_gpu(wanted, here)
    suitable = [gpu for gpu in here if is_of_type(gpu, wanted)]
    if not suitable:
        yield ()
        return
    lease = _wait_for_one(folder, suitable, wanted, engine=engine, stop=stop, wait_s=wait_s, on_wait=on_wait)
    if lease is None:
        yield ()
        return
    gpu, lock = lease
    try:
        yield (gpu.uuid,)
    finally:
        os.close(lock)


def take_free(folder: Path, gpus: Sequence[Gpu], engine: ContainerEngine) -> tuple[Gpu, int] | None:
    """The first GPU that nobody has, and the file number that holds its lock until closed; None: all are taken."""
    folder.mkdir(parents=True, exist_ok=True)
    for gpu in gpus:
        lock = os.open(folder / f"{gpu.uuid}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        try:
            taken = gpu.uuid in _in_containers(engine)
        except BaseException:
            os.close(lock)
            raise
        if not taken:
            return gpu, lock
        os.close(lock)
    return None


def _wait_for_one(
    folder: Path,
    gpus: Sequence[Gpu],
    wanted: str,
    *,
    engine: ContainerEngine,
    stop: StopSignal,
    wait_s: float,
    on_wait: Callable[[str], None],
) -> tuple[Gpu, int] | None:
    end = time.monotonic() + wait_s
    told = False
    while not stop.is_set():
        if lease := take_free(folder, gpus, engine):
            return lease
        if time.monotonic() >= end:
            raise GpuMissing(f"no GPU of type {wanted} became free within {wait_s:g} s; all {len(gpus)} are in use")
        if not told:
            on_wait(f"waiting for a GPU of type {wanted}: all {len(gpus)} are in use")
            told = True
        time.sleep(_LOOK_AGAIN_S)
    return None


def _in_containers(engine: ContainerEngine) -> set[str]:
    """The GPUs of containers that have not ended."""
    containers = engine.leftovers({GPUS_LABEL: None}).containers
    return {
        gpu
        for container in containers
        if container.state in _SITTING
        for gpu in container.labels[GPUS_LABEL].split(",")
    }
