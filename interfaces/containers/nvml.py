"""How busy a container's GPUs are, from NVIDIA's management library (NVML), where this machine has one.

The library comes with the driver, so its absence is the usual case and no error. Its functions are described in
NVIDIA's "NVML API Reference Guide", chapter "Device Queries".
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pynvml

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class GpuReading:
    """The GPUs of a container at one moment.

    Attributes:
        busy_percent: 100 per GPU that had work all through NVML's last sampling period (1/6 s to 1 s).
        memory_percent: 100 per GPU whose memory is full.
    """

    busy_percent: float
    memory_percent: float


class GpuCounters:
    """Some GPUs of this machine; a context manager."""

    def __init__(self, devices: Sequence[Any], *, library: Any = pynvml) -> None:
        """Use `open_gpus` instead, unless you have handles."""
        self._devices, self._library = tuple(devices), library

    def __enter__(self) -> GpuCounters:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the library."""
        with contextlib.suppress(self._library.NVMLError):
            self._library.nvmlShutdown()

    def read(self) -> GpuReading | None:
        """The GPUs now, or None where one of them does not answer (any more)."""
        busy = memory = 0.0
        try:
            for device in self._devices:
                busy += self._library.nvmlDeviceGetUtilizationRates(device).gpu
                facts = self._library.nvmlDeviceGetMemoryInfo(device)
                memory += 100 * facts.used / facts.total
        except self._library.NVMLError:
            return None
        return GpuReading(busy_percent=busy, memory_percent=memory)


def open_gpus(uuids: Sequence[str], *, library: Any = pynvml) -> GpuCounters | None:
    """The counters of some GPUs, or None where there are none to read: no GPU wanted, no driver, an unknown id.

    Args:
        uuids: As device requests take them (``GPU-...``).
        library: With the functions of ``pynvml``.
    """
    if not uuids:
        return None
    try:
        library.nvmlInit()
    except library.NVMLError as error:
        logger.info("GPUs can't be measured here: %s", error)
        return None
    try:
        return GpuCounters([library.nvmlDeviceGetHandleByUUID(uuid.encode()) for uuid in uuids], library=library)
    except library.NVMLError as error:
        logger.warning("the GPUs %s can't be measured: %s", ", ".join(uuids), error)
        GpuCounters((), library=library).close()
        return None
