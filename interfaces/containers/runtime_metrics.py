"""A container's usage in the format that viewers of runtime metrics read.

``{"instance": {"name", "cpu", "memory", "gpus", "gpu_type"},
"metrics": [{"label", "status", "timestamps", "values"}]}`` with values in percent, as the public platform keeps them,
and beside them ``totals``: exact figures from the kernel.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from interfaces.containers.records import ContainerResult


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


def runtime_metrics(result: ContainerResult, instance: Instance, memory_limit_bytes: int) -> dict[str, Any]:
    """Metrics over time and totals, ready for JSON.

    Args:
        result: Of the container.
        instance: Where it ran.
        memory_limit_bytes: What 100 % of `MemoryUtilization` is.

    Returns:
        As in the module's text. `CPUUtilization` is 100 per busy core. A metric without samples has empty lists. In
        `totals`, what could not be measured is None.
    """
    timestamps = [sample.time.isoformat() for sample in result.samples]
    metrics = {
        "CPUUtilization": [sample.cpu_percent for sample in result.samples],
        "MemoryUtilization": [100 * sample.memory_bytes / memory_limit_bytes for sample in result.samples],
    }
    return {
        "instance": asdict(instance),
        "metrics": [
            {
                "label": label,
                "status": "Complete",
                "timestamps": timestamps,
                "values": [round(value, 3) for value in values],
            }
            for label, values in metrics.items()
        ],
        "totals": {
            "cpu_seconds": result.cpu_seconds,
            "peak_memory_bytes": result.peak_memory_bytes,
            "peak_working_set_bytes": result.peak_working_set_bytes,
            "exec_duration_s": result.exec_duration_s,
            "oom_events": result.oom_events,
        },
    }
