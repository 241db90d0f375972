"""Judging what broke a job off, as the steps raise it."""

from __future__ import annotations

import asyncio
import errno

import pytest

from interfaces.containers.cannot_start import ContainerCannotStart, StartProblem
from interfaces.errors import (
    ComponentException,
    EngineError,
    EngineUnavailable,
    InvalidInputs,
    ValidationError,
)
from interfaces.job_status import JobStatus
from interfaces.storage.hostile_tree import TooLarge
from interfaces.verdicts import Verdict, VerdictKind, error_verdict


def because(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


TOO_LARGE = TooLarge("x", size_bytes=2, max_bytes=1)


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (InvalidInputs({"scan": "is missing"}), JobStatus.VALIDATING_INPUTS, VerdictKind.INVALID_INPUTS),
        (ValidationError("Contents of zip file too large"), JobStatus.PROVISIONING, VerdictKind.INVALID_INPUTS),
        (because(ComponentException("x"), FileNotFoundError()), JobStatus.PARSING, VerdictKind.OUTPUT_MISSING),
        (because(ComponentException("x"), ValidationError("no")), JobStatus.PARSING, VerdictKind.OUTPUT_INVALID),
        (because(ComponentException("x"), TOO_LARGE), JobStatus.PARSING, VerdictKind.OUTPUT_TOO_LARGE),
        (TOO_LARGE, JobStatus.PARSING, VerdictKind.OUTPUT_TOO_LARGE),
        (EngineError("the engine stopped answering"), JobStatus.EXECUTING, VerdictKind.ENGINE_GONE),
        (EngineUnavailable("none answers"), JobStatus.PROVISIONED, VerdictKind.ENGINE_GONE),
        (EngineError("write /var/lib/x: no space left on device"), JobStatus.EXECUTING, VerdictKind.DISK_FULL),
        (OSError(errno.ENOSPC, "No space left on device"), JobStatus.PROVISIONING, VerdictKind.DISK_FULL),
        (
            because(RuntimeError("it failed"), OSError(errno.ENOSPC, "No space left on device")),
            JobStatus.EXECUTING,
            VerdictKind.DISK_FULL,
        ),
        (RuntimeError("a bug"), JobStatus.EXECUTING, VerdictKind.UNEXPECTED),
        (asyncio.CancelledError(), JobStatus.EXECUTING, VerdictKind.CANCELLED),
        (KeyboardInterrupt(), JobStatus.PENDING, VerdictKind.CANCELLED),
    ],
)
def test_an_error_is_told_by_what_it_is_and_where_it_came(error, status, kind):
    found = error_verdict(error, status=status, message="the sentence")
    assert (found.kind, found.message, found.figures) == (kind, "the sentence", {})


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (StartProblem.ENTRY_POINT, VerdictKind.MISSING_ENTRY_POINT),
        (StartProblem.PERMISSION, VerdictKind.CANNOT_START),
        (StartProblem.USER, VerdictKind.CANNOT_START),
        (StartProblem.ARCHITECTURE, VerdictKind.WRONG_ARCHITECTURE),
        (StartProblem.GPU, VerdictKind.MISSING_GPU),
        (StartProblem.RUNTIME, VerdictKind.CANNOT_START),
    ],
)
def test_an_image_that_can_not_start_is_told_by_its_problem(problem, kind):
    error = ContainerCannotStart("it can't", problem=problem)
    assert error_verdict(error, status=JobStatus.EXECUTING, message="it can't").kind is kind


def test_a_verdict_that_stands_on_the_record_is_kept():
    before = Verdict(kind=VerdictKind.MEMORY_LIMIT, message="killed", advice="more", figures={"oom_events": 1})
    error = ComponentException("killed")
    assert error_verdict(error, status=JobStatus.EXECUTING, message="x", before=before.document()) == before


def test_a_warning_explains_an_output_that_is_missing():
    warning = Verdict(
        kind=VerdictKind.MEMORY_WARNING, message="...", advice="try memory_gb: 6", figures={"oom_events": 1}
    )
    error = because(ComponentException("x"), FileNotFoundError())
    found = error_verdict(error, status=JobStatus.PARSING, message="x", before=warning.document())
    assert found.kind is VerdictKind.OUTPUT_MISSING
    assert "killed for want of memory: try memory_gb: 6" in found.advice
    assert found.figures == {"oom_events": 1}
