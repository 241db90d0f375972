"""Judging a container that ended: what the runner, the kernel and its last words say together."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass

from interfaces import messages
from interfaces.containers.records import ContainerResult, DiskExcess
from interfaces.verdicts.figures import GB, MORE_TIME, memory_text, more_memory_gb, peak_text, seconds_text
from interfaces.verdicts.stderr_clues import clue, requested_bytes
from interfaces.verdicts.verdict import Figure, Verdict, VerdictKind, known_figures

_SIGNAL_BASE = 128
_SIGNALS = {one.value: one for one in signal.Signals}
_IDLE_PART = 0.05
"""A component that used less than this part of its time on the processor waited for something."""

_SIGNAL_ADVICE = {
    signal.SIGSEGV: "a native library read memory that is not its own: often versions that don't fit each other",
    signal.SIGBUS: "a file that it had mapped was cut short, or memory could not be had for it",
    signal.SIGILL: "it was built for processor instructions that this machine lacks, such as AVX-512; build it for "
    "an older processor",
    signal.SIGFPE: "it divided an integer by zero, or the like",
    signal.SIGABRT: "a library gave up by itself; the last lines of its stderr say why",
    signal.SIGKILL: "it was killed, but not for want of memory and not by this runner: by itself, or by somebody on "
    "this machine",
    signal.SIGTERM: "it was asked to end, but not by this runner: by itself, or by somebody on this machine",
    signal.SIGXFSZ: "it wrote a larger file than a limit of its own allows",
    signal.SIGSYS: "it made a system call that containers may not make",
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a container was allowed, and what the site would allow it at most.

    Attributes:
        memory_bytes: Of the container.
        time_limit_s: Of the container.
        processes: Of the container.
        disk_bytes: Of the container, or None.
        gpu_type: That the component asks for; "" for none.
        most_memory_gb: That the site or its machine allows, in GB (2**30 bytes), or None where that is not known.
        most_time_s: That the site allows, or None.
    """

    memory_bytes: int
    time_limit_s: float
    processes: int
    disk_bytes: int | None = None
    gpu_type: str = ""
    most_memory_gb: float | None = None
    most_time_s: float | None = None


def container_verdict(result: ContainerResult, *, stderr: str, limits: Limits) -> Verdict | None:
    """What went wrong with a container.

    Args:
        result: What became of it.
        stderr: Its last lines.
        limits: What it was allowed.

    Returns:
        The verdict; None for a container that succeeded without complaint.
    """
    case = _Case(result, stderr, limits)
    if result.stopped:
        return case.verdict(VerdictKind.CANCELLED, messages.CANCELLED, f"it had run for {case.ran}")
    if result.timed_out:
        return case.verdict(VerdictKind.TIME_LIMIT, messages.TIME_LIMIT, case.time_advice())
    if result.disk_excess is not None:
        return case.disk(result.disk_excess)
    if result.exit_code == 0:
        return case.memory_warning() if result.oom_killed else None
    if result.oom_killed:
        return case.verdict(VerdictKind.MEMORY_LIMIT, messages.MEMORY_LIMIT, case.memory_advice())
    return case.by_its_own_words()


class _Case:
    """One container's end."""

    def __init__(self, result: ContainerResult, stderr: str, limits: Limits) -> None:
        self._result, self._stderr, self._limits = result, stderr, limits
        self.ran = seconds_text(result.exec_duration_s)

    def verdict(self, kind: VerdictKind, message: str, *advice: str, **figures: Figure | None) -> Verdict:
        result = self._result
        return Verdict(
            kind=kind,
            message=message,
            advice="; ".join(part for part in advice if part),
            figures=known_figures(
                exit_code=result.exit_code,
                exec_duration_s=round(result.exec_duration_s, 3),
                cpu_seconds=result.cpu_seconds,
                peak_memory_bytes=result.peak_memory_bytes,
                memory_limit_bytes=self._limits.memory_bytes,
                oom_events=result.oom_events or None,
                refused_forks=result.refused_forks or None,
                **figures,
                **({"time_limit_s": self._limits.time_limit_s} if result.timed_out else {}),
            ),
        )

    def memory_advice(self, *, at_least_bytes: int = 0) -> str:
        peak, limit = self._result.peak_memory_bytes, self._limits.memory_bytes
        told = f"peaked at {peak_text(peak, limit)} after {self.ran}" if peak is not None else f"ended after {self.ran}"
        wanted, most = more_memory_gb(limit, at_least_bytes=at_least_bytes), self._limits.most_memory_gb
        if most is None or wanted <= most:
            return f"{told}; try memory_gb: {wanted:g}"
        if most * GB > limit * 1.01:
            return f"{told}; try memory_gb: {most:g}, the most that can be had here"
        return f"{told}; more can't be had here, so it must need less"

    def memory_warning(self) -> Verdict:
        count = self._result.oom_events
        what = "a process of it was" if count <= 1 else f"{count} processes of it were"
        message = f"The container succeeded, but {what} killed for want of memory"
        return self.verdict(VerdictKind.MEMORY_WARNING, message, self.memory_advice())

    def time_advice(self) -> str:
        used, limit, most = self._result.cpu_seconds, self._limits.time_limit_s, self._limits.most_time_s
        told = f"stopped after {self.ran}"
        if self._result.refused_forks:
            told += f"; {self._forks()}"
        if used is not None and used < self._result.exec_duration_s * _IDLE_PART:
            return f"{told}; it used the processor for only {seconds_text(used)}, so it waited (there is no network)"
        wanted = round(limit * MORE_TIME)
        if most is None or wanted <= most:
            return f"{told}; try time_limit: {wanted}"
        if most > limit:
            return f"{told}; try time_limit: {most:g}, the most that this site allows"
        return f"{told}; this site allows no longer time limit"

    def disk(self, excess: DiskExcess) -> Verdict:
        figures = known_figures(
            written_bytes=excess.written_bytes, disk_limit_bytes=self._limits.disk_bytes, free_bytes=excess.free_bytes
        )
        wrote = f"it had {memory_text(excess.written_bytes)} on disk" if excess.written_bytes is not None else ""
        if excess.own and self._limits.disk_bytes is not None:
            wrote += f" after {self.ran}, and {memory_text(self._limits.disk_bytes)} are allowed"
            advice = "write less, or raise the setting limits.disk_bytes"
            return self.verdict(VerdictKind.DISK_FULL, messages.DISK_LIMIT, wrote, advice, **figures)
        left = f"{memory_text(excess.free_bytes)} are left" if excess.free_bytes is not None else ""
        advice = "free some space on the engine's disk"
        return self.verdict(VerdictKind.DISK_FULL, messages.DISK_FULL, left, wrote, advice, **figures)

    def by_its_own_words(self) -> Verdict:
        message, code = messages.failed_with(self._stderr), self._result.exit_code
        found = clue(self._stderr)
        if found is not None:
            kind, line = found
            asked = requested_bytes(line)
            return self.verdict(kind, message, *self._clue_advice(kind, asked), requested_bytes=asked)
        if self._result.refused_forks:
            return self.verdict(VerdictKind.PROCESS_LIMIT, message, *self._fork_advice())
        if (name := _SIGNALS.get(code - _SIGNAL_BASE)) is not None:
            advice = _SIGNAL_ADVICE.get(name, "")
            return self.verdict(VerdictKind.SIGNAL, message, f"{name.name} after {self.ran}", advice, signal=name.name)
        return self.verdict(VerdictKind.EXIT_CODE, message, f"it ended with exit code {code} after {self.ran}")

    def _clue_advice(self, kind: VerdictKind, asked: int | None) -> list[str]:
        wanted = f"it asked for {memory_text(asked)} at once" if asked else ""
        advice: dict[VerdictKind, Callable[[], list[str]]] = {
            VerdictKind.CUDA_OUT_OF_MEMORY: lambda: [
                wanted,
                "the GPU's own memory was not enough, and memory_gb does not change it; use smaller batches or "
                "patches, or a GPU with more memory",
            ],
            VerdictKind.PYTHON_MEMORY_ERROR: lambda: [
                wanted,
                self.memory_advice(at_least_bytes=(self._result.peak_memory_bytes or 0) + (asked or 0)),
            ],
            VerdictKind.MISSING_GPU: lambda: [self._gpu_advice()],
            VerdictKind.PROCESS_LIMIT: self._fork_advice,
            VerdictKind.DISK_FULL: lambda: [
                "there was no space left where it wrote; look at the engine's disk, and at /dev/shm, which counts as "
                "memory"
            ],
            VerdictKind.WRONG_ARCHITECTURE: lambda: [
                "a program in it is built for another kind of machine; build all of it for linux/amd64"
            ],
        }
        return advice[kind]()

    def _gpu_advice(self) -> str:
        if self._limits.gpu_type:
            return "it was given a GPU, but could not use it; do the CUDA version and the driver fit each other?"
        return "it wants a GPU; set gpu_type in its component.yaml, or let it run without"

    def _forks(self) -> str:
        count = self._result.refused_forks
        times = f"{count:,} times" if count else ""
        return f"it was refused a further process or thread {times}".rstrip() + f" (at most {self._limits.processes:,})"

    def _fork_advice(self) -> list[str]:
        return [
            self._forks(),
            "start fewer workers or threads (OMP_NUM_THREADS), or raise the setting limits.processes",
        ]
