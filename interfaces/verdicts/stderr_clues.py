"""What the last lines of a container's stderr give away, in the words of common libraries.

The words are those of their error messages: PyTorch ("CUDA out of memory. Tried to allocate 2.00 GiB"), TensorFlow
("OOM when allocating tensor with shape[...] ... by allocator GPU_0_bfc", "CUDA_ERROR_OUT_OF_MEMORY"), JAX
("RESOURCE_EXHAUSTED: Out of memory while trying to allocate"), CuPy ("cupy.cuda.memory.OutOfMemoryError"), NumPy
("Unable to allocate 74.5 GiB for an array"), the C library ("No space left on device").
"""

from __future__ import annotations

import re

from interfaces.verdicts.verdict import VerdictKind

LAST_LINES = 30
"""An error that was met earlier may have been dealt with; a traceback with its hints is not longer."""

_CLUES: tuple[tuple[VerdictKind, re.Pattern[str]], ...] = (
    (
        VerdictKind.CUDA_OUT_OF_MEMORY,
        re.compile(
            r"CUDA out of memory|CUDA error: out of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation"
            r"|OOM when allocating tensor.*by allocator GPU"
            r"|cupy\.cuda\.memory\.OutOfMemoryError|CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED"
            r"|RESOURCE_EXHAUSTED: (Out of memory|Failed to allocate)",
            re.IGNORECASE,
        ),
    ),
    (
        VerdictKind.MISSING_GPU,
        re.compile(
            r"Found no NVIDIA driver on your system|No CUDA GPUs are available|no CUDA-capable device is detected"
            r"|CUDA_ERROR_NO_DEVICE|cudaErrorNoDevice|cudaErrorInsufficientDriver"
            r"|libcuda\.so\.1: cannot open shared object file",
            re.IGNORECASE,
        ),
    ),
    (
        VerdictKind.PYTHON_MEMORY_ERROR,
        re.compile(
            r"^(?:[\w.]+\.)?_?(?:Array)?MemoryError\b|std::bad_alloc"
            r"|DefaultCPUAllocator: (?:not enough memory|can't allocate memory)|Cannot allocate memory"
            r"|java\.lang\.OutOfMemoryError|Failed to allocate memory for",
        ),
    ),
    (
        VerdictKind.DISK_FULL,
        re.compile(r"No space left on device|Disk quota exceeded|database or disk is full", re.IGNORECASE),
    ),
    (
        VerdictKind.PROCESS_LIMIT,
        re.compile(
            r"can't start new thread|pthread_create.*(?:failed|Resource temporarily)|Cannot fork|fork: retry"
            r"|fork.*Resource temporarily unavailable|BlockingIOError: \[Errno 11\] Resource temporarily unavailable",
            re.IGNORECASE,
        ),
    ),
    (
        VerdictKind.WRONG_ARCHITECTURE,
        # A shell that is handed a program of another machine takes it for a script whose first line begins with ELF.
        re.compile(r"Exec format error|cannot execute binary file|: 1: \W?ELF", re.IGNORECASE),
    ),
)
"""In this order: GPU libraries name the GPU's memory in words that also hold for the machine's."""

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40, "P": 2**50}
_ASKED_FOR = re.compile(
    r"(?:Unable to allocate|Tried to allocate|you tried to allocate|trying to allocate|allocating)"
    r" (?P<number>[\d,]+(?:\.\d+)?) ?(?P<unit>[KMGTP]?)i?B?(?:ytes?)?\b",
    re.IGNORECASE,
)


def clue(stderr: str) -> tuple[VerdictKind, str] | None:
    """What went wrong by the last lines, and the line that says so; None where they say nothing that is known."""
    lines = _last_lines(stderr)
    for kind, words in _CLUES:
        for line in reversed(lines):
            if words.search(line):
                return kind, line
    return None


def requested_bytes(line: str) -> int | None:
    """How much memory a line says was asked for at once, or None."""
    found = _ASKED_FOR.search(line)
    if found is None:
        return None
    return int(float(found["number"].replace(",", "")) * _UNITS[found["unit"].upper()])


def _last_lines(stderr: str) -> list[str]:
    return [line.strip() for line in stderr.splitlines() if line.strip()][-LAST_LINES:]
