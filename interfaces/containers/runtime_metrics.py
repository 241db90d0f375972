"""A container's usage in the format that viewers of runtime metrics read.

``{"instance": {"name", "cpu", "memory", "gpus", "gpu_type"},
"metrics": [{"label", "status", "timestamps", "values"}]}`` with values in percent, as the public platform keeps them,
and beside them ``totals``: exact figures from the kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from interfaces.containers.records import ContainerResult, Sample


@dataclass(frozen=True, kw_only=True)
class Instance:
    """The machine that a job ran on.

    Attributes:
        name: Such as ``ml.m5.large``, or a host's name.
        cpu: Cores.
        memory: GB (GiB).
        gpus: How many.
        gpu_type: Such as ``A100``, or None without one.
    """

    name: str
    cpu: int
    memory: float
    gpus: int = 0
    gpu_type: str | None = None


def runtime_metrics(
    result: ContainerResult, instance: Instance, *, memory_limit_bytes: int, disk_limit_bytes: int | None = None
) -> dict[str, Any]:
    """Metrics over time and totals, ready for JSON.

    Args:
        result: Of the container.
        instance: Where it ran.
        memory_limit_bytes: What 100 % of `MemoryUtilization` is.
        disk_limit_bytes: What 100 % of `DiskUtilization` is: what the container may have on disk, in its volumes and
            its own layer; None: there is no bound, and so no percentage.

    Returns:
        As in the module's text. `CPUUtilization` is 100 per busy core, `GPUUtilization` and `GPUMemoryUtilization` 100
        per GPU. A metric that was not sampled has empty lists. In `totals`, what could not be measured is None.
    """
    metrics: dict[str, Callable[[Sample], float | None]] = {
        "CPUUtilization": lambda sample: sample.cpu_percent,
        "MemoryUtilization": lambda sample: _percent(sample.memory_bytes, memory_limit_bytes),
        "GPUUtilization": lambda sample: sample.gpu_percent,
        "GPUMemoryUtilization": lambda sample: sample.gpu_memory_percent,
        "DiskUtilization": lambda sample: _percent(sample.disk_bytes, disk_limit_bytes),
    }
    return {
        "instance": asdict(instance),
        "metrics": [_metric(label, result.samples, value) for label, value in metrics.items()],
        "totals": {
            "cpu_seconds": result.cpu_seconds,
            "peak_memory_bytes": result.peak_memory_bytes,
            "peak_working_set_bytes": result.peak_working_set_bytes,
            "exec_duration_s": result.exec_duration_s,
            "oom_events": result.oom_events,
        },
    }


def _metric(label: str, samples: tuple[Sample, ...], value: Callable[[Sample], float | None]) -> dict[str, Any]:
    known = [(sample.time, number) for sample in samples if (number := value(sample)) is not None]
    return {
        "label": label,
        "status": "Complete",
        "timestamps": [time.isoformat(timespec="milliseconds") for time, _ in known],
        "values": [round(number, 3) for _, number in known],
    }


def _percent(used: int | None, limit: int | None) -> float | None:
    return 100 * used / limit if used is not None and limit else None
