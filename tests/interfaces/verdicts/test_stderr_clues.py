"""The words of common libraries, as they really print them."""

from __future__ import annotations

import pytest

from interfaces.verdicts.stderr_clues import LAST_LINES, clue, requested_bytes
from interfaces.verdicts.verdict import VerdictKind

GIB = 2**30


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (
            "RuntimeError: CUDA out of memory. Tried to allocate 2.26 GiB (GPU 0; 6.00 GiB total capacity; 781.59 MiB "
            "already allocated; 3.03 GiB free; 1.24 GiB reserved in total by PyTorch)",
            VerdictKind.CUDA_OUT_OF_MEMORY,
        ),
        (
            "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 22.00 MiB. GPU 0 has a total capacity "
            "of 23.65 GiB of which 11.06 MiB is free.",
            VerdictKind.CUDA_OUT_OF_MEMORY,
        ),
        ("RuntimeError: CUDA error: out of memory", VerdictKind.CUDA_OUT_OF_MEMORY),
        (
            "tensorflow.python.framework.errors_impl.ResourceExhaustedError: OOM when allocating tensor with "
            "shape[64,2016,9,9] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc",
            VerdictKind.CUDA_OUT_OF_MEMORY,
        ),
        (
            "failed to allocate 17.79G (19104890880 bytes) from device: CUDA_ERROR_OUT_OF_MEMORY: out of memory",
            VerdictKind.CUDA_OUT_OF_MEMORY,
        ),
        (
            "cupy.cuda.memory.OutOfMemoryError: Out of memory allocating 25,600,000 bytes (allocated so far: "
            "3,635,267,072 bytes).",
            VerdictKind.CUDA_OUT_OF_MEMORY,
        ),
        (
            "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate "
            "8589934592 bytes.",
            VerdictKind.CUDA_OUT_OF_MEMORY,
        ),
        ("RuntimeError: No CUDA GPUs are available", VerdictKind.MISSING_GPU),
        ("failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected", VerdictKind.MISSING_GPU),
        ("MemoryError", VerdictKind.PYTHON_MEMORY_ERROR),
        (
            "numpy.core._exceptions.MemoryError: Unable to allocate 74.5 GiB for an array with shape (10000000000,)",
            VerdictKind.PYTHON_MEMORY_ERROR,
        ),
        ("terminate called after throwing an instance of 'std::bad_alloc'", VerdictKind.PYTHON_MEMORY_ERROR),
        (
            "RuntimeError: [enforce fail at alloc_cpu.cpp:75] err == 0. DefaultCPUAllocator: can't allocate memory: "
            "you tried to allocate 40000000000 bytes. Error code 12 (Cannot allocate memory)",
            VerdictKind.PYTHON_MEMORY_ERROR,
        ),
        ("OSError: [Errno 28] No space left on device: '/output/x'", VerdictKind.DISK_FULL),
        ("RuntimeError: can't start new thread", VerdictKind.PROCESS_LIMIT),
        ("BlockingIOError: [Errno 11] Resource temporarily unavailable", VerdictKind.PROCESS_LIMIT),
        ("sh: 1: Cannot fork", VerdictKind.PROCESS_LIMIT),
        (
            "OpenBLAS blas_thread_init: pthread_create failed for thread 3 of 64: Resource temporarily unavailable",
            VerdictKind.PROCESS_LIMIT,
        ),
        ("exec /usr/bin/run: Exec format error", VerdictKind.WRONG_ARCHITECTURE),
        ("/prog: 1: \N{REPLACEMENT CHARACTER}ELF: not found", VerdictKind.WRONG_ARCHITECTURE),
    ],
)
def test_a_librarys_own_words_are_understood(line, kind):
    assert clue(f"before\n{line}\nHint: a hint\n") == (kind, line)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ValueError: the memory of the scanner is unknown",
        "socket.timeout: Resource temporarily unavailable",
        "raise MyMemoryErrorHandler",
    ],
)
def test_other_words_say_nothing(text):
    assert clue(text) is None


def test_what_was_said_long_before_the_end_says_nothing():
    assert clue("MemoryError\n" + "and on it went\n" * LAST_LINES) is None


@pytest.mark.parametrize(
    ("line", "size"),
    [
        ("Unable to allocate 74.5 GiB for an array", int(74.5 * GIB)),
        ("Tried to allocate 22.00 MiB. GPU 0 has", 22 * 2**20),
        ("Tried to allocate 1024.00 KiB (GPU 0; 11.17 GiB", 2**20),
        ("you tried to allocate 40000000000 bytes. Error code 12", 40_000_000_000),
        ("Out of memory allocating 25,600,000 bytes (allocated so far", 25_600_000),
        ("trying to allocate 8589934592 bytes.", 8 * GIB),
        ("MemoryError", None),
        ("Unable to allocate much", None),
    ],
)
def test_what_was_asked_for_is_read(line, size):
    assert requested_bytes(line) == size
