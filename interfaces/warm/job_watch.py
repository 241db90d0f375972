"""One job on a warm container: what it wants, when it is over, and what it used."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from interfaces.containers.cgroup import Reading
from interfaces.containers.container_access import ContainerAccess
from interfaces.containers.records import ContainerResult, OnOutput, OnSample, Sample, StopSignal
from interfaces.containers.usage import UsageRecorder

_EARLY_S = 2.0
_EARLY_INTERVAL_S = 0.1
_LATER_INTERVAL_S = 1.0


@dataclass(frozen=True, kw_only=True)
class WarmJob:
    """What one job wants of a warm container.

    Attributes:
        inputs: A folder on the file system of the pool's; its files become links in /input.
        outputs: Paths relative to /output that are wanted.
        volume: An empty volume for what was written.
        written: A folder that is made for what was written, where it can't be moved to the volume.
        output_bytes: Most bytes that are copied to `written`.
        time_limit_s: From the request to the answer.
        on_output: Called with stdout and stderr from another thread.
        on_sample: Called with each sample.
        stop: Ends the job early.
    """

    inputs: Path
    outputs: tuple[str, ...]
    volume: str
    written: Path
    output_bytes: int
    time_limit_s: float
    on_output: OnOutput
    on_sample: OnSample
    stop: StopSignal


class Reason(StrEnum):
    """Why a job is broken off."""

    STOPPED = "stopped"
    TIME_LIMIT = "time limit"
    CONTAINER_ENDED = "container ended"
    LOG = "log"


class BrokenOff(Exception):
    """A job can't go on.

    Attributes:
        reason: Why.
    """

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.value)


class JobWatch:
    """Looks after one job: to be called again and again by the thread that waits for it.

    Attributes:
        started_at: UTC.
        failure: What `on_sample` raised, if it did.
    """

    def __init__(
        self,
        *,
        stop: StopSignal,
        ended: threading.Event,
        log_failed: Callable[[], bool],
        on_sample: OnSample | None = None,
    ) -> None:
        """Start watching.

        Args:
            stop: Of the job.
            ended: Of the container.
            log_failed: Whether the job's output could not be kept.
            on_sample: Called with each sample.
        """
        self.started_at = datetime.now(UTC)
        self._stop, self._ended, self._log_failed = stop, ended, log_failed
        self._on_sample = on_sample
        self._recorder = UsageRecorder(self._sampled)
        self.failure: BaseException | None = None
        self._access: ContainerAccess | None = None
        self._first: Reading | None = None
        self._last: Reading | None = None
        self._own_peak = False
        self._since = self._next_look = 0.0
        self._deadline = float("inf")

    def measure(self, access: ContainerAccess, *, from_start: bool) -> None:
        """Measure from now on.

        Args:
            access: To the container.
            from_start: The container was started for this job, so that all it used so far counts as well.
        """
        self._access = access
        self._own_peak = from_start or access.restart_peak()
        self._since = time.monotonic()
        self._look()
        if not from_start:
            self._first = self._last

    def limit(self, seconds: float) -> None:
        """Break off so many seconds from now."""
        self._deadline = time.monotonic() + seconds

    def check(self) -> None:
        """Look after the job.

        Raises:
            BrokenOff: It can't go on.
        """
        if self._stop.is_set():
            raise BrokenOff(Reason.STOPPED)
        if self._ended.is_set():
            raise BrokenOff(Reason.CONTAINER_ENDED)
        if self.failure is not None or self._log_failed():
            raise BrokenOff(Reason.LOG)
        now = time.monotonic()
        if now >= self._deadline:
            raise BrokenOff(Reason.TIME_LIMIT)
        if now >= self._next_look:
            self._look()

    def pause(self, seconds: float) -> None:
        """Wait, unless the container ends or the job is to stop.

        Raises:
            BrokenOff: The job can't go on.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.check()
            self._ended.wait(min(left, 0.05))
        self.check()

    def oom_kills(self) -> int:
        """Processes that the kernel ended for want of memory during the job."""
        self._look()
        return (self._last.oom_kills if self._last else 0) - (self._first.oom_kills if self._first else 0)

    def result(self, *, exit_code: int, whole: ContainerResult | None = None, **fields: Any) -> ContainerResult:
        """The job as if it had a container of its own.

        Args:
            exit_code: 0 for success.
            whole: Of the container, where it has ended: its last figures were read in the moment of its end.
            **fields: More of ``ContainerResult``.
        """
        usage = self._recorder.usage()
        first = self._first
        cpu = whole.cpu_seconds if whole and whole.cpu_seconds is not None else usage.cpu_seconds
        if cpu is not None and first is not None:
            cpu -= first.cpu_seconds
        peaks = (usage.peak_memory_bytes, whole.peak_memory_bytes if whole else None)
        peak = max((one for one in peaks if one is not None), default=None)
        if not self._own_peak and first is not None and peak is not None and peak <= first.peak_memory_bytes:
            # An earlier job reached that mark. This one's own is not known; the samples are what is left.
            peak = usage.peak_working_set_bytes
        return ContainerResult(
            exit_code=exit_code,
            started_at=self.started_at,
            finished_at=datetime.now(UTC),
            peak_memory_bytes=peak,
            peak_working_set_bytes=usage.peak_working_set_bytes,
            cpu_seconds=cpu,
            samples=usage.samples,
            **fields,
        )

    def _sampled(self, sample: Sample) -> None:
        try:
            if self._on_sample is not None:
                self._on_sample(sample)
        except BaseException as error:  # raised by the job's thread, past what catches errors of the connection
            self.failure = error

    def _look(self) -> None:
        now = time.monotonic()
        self._next_look = now + (_EARLY_INTERVAL_S if now - self._since < _EARLY_S else _LATER_INTERVAL_S)
        reading = self._access.read() if self._access else None
        if reading is not None:
            self._last = reading
            self._recorder.add(reading)
