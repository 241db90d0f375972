"""`Verdict`: what went wrong with a job, as a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Figure = int | float | str


class VerdictKind(StrEnum):
    """What went wrong.

    Attributes:
        MEMORY_LIMIT: The kernel ended a process of the container for want of memory, and the container failed.
        MEMORY_WARNING: The same, but the container succeeded in spite of it; the only kind that is no failure.
        PYTHON_MEMORY_ERROR: Python, or a library below it, was refused memory and gave up by itself.
        CUDA_OUT_OF_MEMORY: The memory of the GPU was not enough.
        TIME_LIMIT: It was stopped when its time was over.
        SIGNAL: A signal ended it that nobody here sent.
        EXIT_CODE: It ended with another code than 0.
        PROCESS_LIMIT: It was refused a process or thread, and failed.
        DISK_FULL: It wrote more than it may, or there was no space left.
        MISSING_ENTRY_POINT: The program of its ENTRYPOINT or CMD is not in the image.
        CANNOT_START: It can't start for another reason (permissions, user, engine).
        WRONG_ARCHITECTURE: Its programs are for another kind of machine.
        MISSING_GPU: It needs a GPU that it did not get.
        CANCELLED: Somebody stopped it.
        INVALID_INPUTS: Its inputs were refused before it started.
        OUTPUT_MISSING: It did not write an output.
        OUTPUT_INVALID: It wrote an output that does not fit its interface.
        OUTPUT_TOO_LARGE: It wrote an output that is larger than what is taken.
        IMAGE_MISSING: The engine no longer has its image.
        ENGINE_GONE: The container engine refused, broke off or stayed away.
        RUNNER_LOST: The process that ran it, or its machine, went away.
        UNEXPECTED: A fault of this software or its machine.
    """

    MEMORY_LIMIT = "memory_limit"
    MEMORY_WARNING = "memory_warning"
    PYTHON_MEMORY_ERROR = "python_memory_error"
    CUDA_OUT_OF_MEMORY = "cuda_out_of_memory"
    TIME_LIMIT = "time_limit"
    SIGNAL = "signal"
    EXIT_CODE = "exit_code"
    PROCESS_LIMIT = "process_limit"
    DISK_FULL = "disk_full"
    MISSING_ENTRY_POINT = "missing_entry_point"
    CANNOT_START = "cannot_start"
    WRONG_ARCHITECTURE = "wrong_architecture"
    MISSING_GPU = "missing_gpu"
    CANCELLED = "cancelled"
    INVALID_INPUTS = "invalid_inputs"
    OUTPUT_MISSING = "output_missing"
    OUTPUT_INVALID = "output_invalid"
    OUTPUT_TOO_LARGE = "output_too_large"
    IMAGE_MISSING = "image_missing"
    ENGINE_GONE = "engine_gone"
    RUNNER_LOST = "runner_lost"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What went wrong with a job, and what to do about it.

    Attributes:
        kind: What went wrong.
        message: The sentence for the person who runs the job.
        advice: What the figures say and what to try, in one line; "" where nothing is known.
        figures: What was measured and what was allowed, by name with its unit (``peak_memory_bytes``).
    """

    kind: VerdictKind
    message: str
    advice: str = ""
    figures: Mapping[str, Figure] = field(default_factory=dict)

    @property
    def is_failure(self) -> bool:
        """Whether the job can't succeed."""
        return self.kind is not VerdictKind.MEMORY_WARNING

    def document(self) -> dict[str, Any]:
        """The verdict as a JSON object, as it stands in the job's record."""
        return {
            "kind": self.kind.value,
            "message": self.message,
            "advice": self.advice,
            "figures": dict(self.figures),
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Verdict:
        """The verdict from a job's record."""
        return cls(
            kind=VerdictKind(document["kind"]),
            message=document["message"],
            advice=document["advice"],
            figures=document["figures"],
        )


def known_figures(**figures: Figure | None) -> dict[str, Figure]:
    """The figures that were measured."""
    return {name: value for name, value in figures.items() if value is not None}
