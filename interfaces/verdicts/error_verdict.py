"""Judging whatever else broke a job off: an exception of ours or of Python's."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from typing import Any

from interfaces.containers.cannot_start import ContainerCannotStart, StartProblem
from interfaces.errors import (
    ComponentException,
    EngineError,
    EngineUnavailable,
    InvalidInputs,
    RunnerLost,
    ValidationError,
)
from interfaces.gpu_leases import GpuMissing
from interfaces.job_status import JobStatus
from interfaces.storage.hostile_tree import TooLarge
from interfaces.verdicts.verdict import Verdict, VerdictKind

_START = {
    StartProblem.ENTRY_POINT: VerdictKind.MISSING_ENTRY_POINT,
    StartProblem.PERMISSION: VerdictKind.CANNOT_START,
    StartProblem.USER: VerdictKind.CANNOT_START,
    StartProblem.RUNTIME: VerdictKind.CANNOT_START,
    StartProblem.SERVER: VerdictKind.CANNOT_START,
    StartProblem.ARCHITECTURE: VerdictKind.WRONG_ARCHITECTURE,
    StartProblem.GPU: VerdictKind.MISSING_GPU,
}
_NO_SPACE = ("no space left on device", "database or disk is full", "disk quota exceeded")
_NO_SPACE_NUMBERS = frozenset({errno.ENOSPC, errno.EDQUOT})

_ADVICE = {
    VerdictKind.DISK_FULL: "a disk of this machine is full; 'component-flows doctor' says how much is left where",
    VerdictKind.ENGINE_GONE: "the fault is not the component's; 'component-flows doctor' looks at the engine, and the "
    "same job can be run again",
    VerdictKind.INVALID_INPUTS: "correct the inputs that are named, and run it again",
    VerdictKind.OUTPUT_TOO_LARGE: "write less, or raise the settings limits.output_bytes and limits.json_bytes",
    VerdictKind.RUNNER_LOST: "the process that ran it went away, or its machine did; 'component-flows retry' runs it "
    "again",
    VerdictKind.UNEXPECTED: "the fault is not the component's; the log of its Prefect run has the cause",
}


def error_verdict(
    error: BaseException, *, status: JobStatus, message: str, before: Mapping[str, Any] | None = None
) -> Verdict:
    """What broke a job off.

    Args:
        error: What was raised.
        status: How far the job had come.
        message: The sentence for the person who runs it.
        before: The verdict that is on the job's record already. One that says what failed stands; a warning goes into
            the advice, since it is the likely cause.
    """
    warning = Verdict.of(before) if before else None
    if warning is not None and warning.is_failure:
        return warning
    kind = _kind(error, status)
    parts = [_ADVICE.get(kind, "")]
    if warning is not None:
        parts += [f"a process of it was killed for want of memory: {warning.advice}"]
    advice = "; ".join(part for part in parts if part)
    return Verdict(kind=kind, message=message, advice=advice, figures=warning.figures if warning else {})


def _kind(error: BaseException, status: JobStatus) -> VerdictKind:
    chain = list(_chain(error))
    if not isinstance(error, Exception):
        return VerdictKind.CANCELLED
    if any(_no_space(one) for one in chain):
        return VerdictKind.DISK_FULL
    for one in chain:
        if isinstance(one, ContainerCannotStart):
            return _START[one.problem]
        if isinstance(one, GpuMissing):
            return VerdictKind.MISSING_GPU
        if isinstance(one, InvalidInputs):
            return VerdictKind.INVALID_INPUTS
        if isinstance(one, EngineError | EngineUnavailable):
            return VerdictKind.ENGINE_GONE
        if isinstance(one, RunnerLost):
            return VerdictKind.RUNNER_LOST
        if isinstance(one, TooLarge):
            return VerdictKind.OUTPUT_TOO_LARGE
    if isinstance(error, ComponentException | ValidationError):
        if status is not JobStatus.PARSING:
            return VerdictKind.INVALID_INPUTS
        missing = any(isinstance(one, FileNotFoundError) for one in chain)
        return VerdictKind.OUTPUT_MISSING if missing else VerdictKind.OUTPUT_INVALID
    return VerdictKind.UNEXPECTED


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from."""
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__


def _no_space(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in _NO_SPACE_NUMBERS
    # The engine and the database tell it in words only; a component's words are in a ComponentException.
    return not isinstance(error, ComponentException) and any(words in str(error).lower() for words in _NO_SPACE)
