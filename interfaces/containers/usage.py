"""From counters to what a container used: samples over time, and exact totals."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from interfaces.containers.cgroup import Reading
from interfaces.containers.records import OnSample, Sample

Number = TypeVar("Number", int, float)

MOST_SAMPLES = 1000
"""How many samples are kept; a run of 24 hours at one a second would otherwise fill megabytes of its record."""

_SHORTEST_SPAN_S = 0.05
"""Processor time over less than this says nothing: the kernel hands it out in slices of some milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Gauges:
    """What is read beside the counters for each sample; the fields are those of `Sample`."""

    disk_bytes: int | None = None
    gpu_percent: float | None = None
    gpu_memory_percent: float | None = None


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a container used.

    Attributes:
        samples: Over time.
        peak_memory_bytes: The highest mark, file pages included; None where nothing was read.
        peak_working_set_bytes: The highest sample, without file pages that can be dropped.
        cpu_seconds: Processor time of all its processes.
        oom_kills: Processes that the kernel ended for want of memory.
        refused_forks: Processes and threads that were not started since there were too many.
    """

    samples: tuple[Sample, ...]
    peak_memory_bytes: int | None
    peak_working_set_bytes: int | None
    cpu_seconds: float | None
    oom_kills: int
    refused_forks: int


class UsageRecorder:
    """Collects readings; safe to use from several threads."""

    def __init__(
        self,
        on_sample: OnSample | None = None,
        *,
        gauges: Callable[[], Gauges] = Gauges,
        most_samples: int = MOST_SAMPLES,
    ) -> None:
        """Start empty.

        Args:
            on_sample: Called with each new sample, by the thread that adds the reading.
            gauges: Called for each sample; must be quick.
            most_samples: When there are more, each two neighbours become one (mean of what is busy, higher of what is
                filled).
        """
        self._on_sample = on_sample
        self._gauges = gauges
        self._most_samples = most_samples
        self._lock = threading.Lock()
        self._last: Reading | None = None
        self._last_sampled: Reading | None = None
        self._samples: list[Sample] = []
        self._pending: Sample | None = None
        self._per_kept = 1
        self._in_pending = 0
        self._peak = self._peak_working_set = 0

    def add(self, reading: Reading, *, final: bool = False) -> None:
        """Take a reading.

        Args:
            reading: The counters; the first one is only what later ones are compared with.
            final: The container has ended: it counts for the totals, but its memory is already given back.
        """
        with self._lock:
            self._last = reading
            self._peak = max(self._peak, reading.peak_memory_bytes)
            self._peak_working_set = max(self._peak_working_set, reading.memory_bytes)
            before = self._last_sampled
            if before is None:
                self._last_sampled = reading
                return
            span_s = reading.monotonic_s - before.monotonic_s
            if final or span_s < _SHORTEST_SPAN_S:
                return
            self._last_sampled = reading
            gauges = self._gauges()
            sample = Sample(
                time=reading.time,
                cpu_percent=max(0.0, 100 * (reading.cpu_seconds - before.cpu_seconds) / span_s),
                memory_bytes=reading.memory_bytes,
                disk_bytes=gauges.disk_bytes,
                gpu_percent=gauges.gpu_percent,
                gpu_memory_percent=gauges.gpu_memory_percent,
            )
            self._keep(sample)
        if self._on_sample is not None:
            self._on_sample(sample)

    def usage(self) -> Usage:
        """All that was used so far."""
        with self._lock:
            last = self._last
            samples = (*self._samples, self._pending) if self._pending else tuple(self._samples)
            return Usage(
                samples=samples,
                peak_memory_bytes=self._peak if last else None,
                peak_working_set_bytes=self._peak_working_set if last else None,
                cpu_seconds=last.cpu_seconds if last else None,
                oom_kills=last.oom_kills if last else 0,
                refused_forks=last.refused_forks if last else 0,
            )

    def _keep(self, sample: Sample) -> None:
        self._pending = _joined(self._pending, self._in_pending, sample) if self._pending else sample
        self._in_pending += 1
        if self._in_pending < self._per_kept:
            return
        self._samples.append(self._pending)
        self._pending, self._in_pending = None, 0
        if len(self._samples) >= self._most_samples:
            pairs = zip(self._samples[::2], self._samples[1::2], strict=False)
            self._samples = [_joined(one, 1, other) for one, other in pairs]
            self._per_kept *= 2


def _joined(one: Sample, weight: int, other: Sample) -> Sample:
    """Two samples as one at the later time; `one` stands for `weight` samples already."""
    return Sample(
        time=other.time,
        cpu_percent=(one.cpu_percent * weight + other.cpu_percent) / (weight + 1),
        memory_bytes=max(one.memory_bytes, other.memory_bytes),
        disk_bytes=_higher(one.disk_bytes, other.disk_bytes),
        gpu_percent=_mean(one.gpu_percent, weight, other.gpu_percent),
        gpu_memory_percent=_higher(one.gpu_memory_percent, other.gpu_memory_percent),
    )


def _higher(one: Number | None, other: Number | None) -> Number | None:
    known = [value for value in (one, other) if value is not None]
    return max(known, default=None)


def _mean(one: float | None, weight: int, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return (one * weight + other) / (weight + 1)
