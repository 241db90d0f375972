"""A container's counters from the engine's statistics, for engines whose control groups can't be read from here.

One reading a second at most (the engine's own pace), none for a container that ends sooner, and no count of processes
that were ended for want of memory.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from interfaces.containers.cgroup import Reading
from interfaces.containers.engine_errors import BROKEN
from interfaces.containers.usage import UsageRecorder


def reading_from(stats: Mapping[str, Any]) -> Reading | None:
    """A reading from one object of ``GET /containers/{id}/stats``, or None before the first and after the last."""
    memory = stats.get("memory_stats") or {}
    cpu = (stats.get("cpu_stats") or {}).get("cpu_usage") or {}
    if "usage" not in memory or "total_usage" not in cpu:
        return None
    detail = memory.get("stats") or {}
    droppable = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    return Reading(
        time=datetime.now(UTC),
        monotonic_s=time.monotonic(),
        cpu_seconds=cpu["total_usage"] / 1e9,
        memory_bytes=max(0, memory["usage"] - droppable),
        peak_memory_bytes=max(memory["usage"], memory.get("max_usage", 0)),
        oom_kills=0,
    )


class StatsReader:
    """Adds readings to a recorder, in a thread, until it is closed or the container is removed."""

    def __init__(self, api: Any, container: str, recorder: UsageRecorder) -> None:
        """Start reading.

        Args:
            api: The SDK's client.
            container: A running one.
            recorder: Takes the readings.
        """
        self._api, self._container, self._recorder = api, container, recorder
        self._closed = threading.Event()
        threading.Thread(target=self._read, name="container-stats", daemon=True).start()

    def close(self) -> None:
        """Add nothing from now on; the thread ends with its container."""
        self._closed.set()

    def _read(self) -> None:
        try:
            for stats in self._api.stats(self._container, decode=True, stream=True):
                if self._closed.is_set():
                    return
                if reading := reading_from(stats):
                    self._recorder.add(reading)
        except (*BROKEN, ValueError):
            return
