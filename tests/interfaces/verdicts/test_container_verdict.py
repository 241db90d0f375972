"""Judging a container's end from its result, as the engine and the kernel give it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from interfaces import messages
from interfaces.containers.records import ContainerResult, DiskExcess
from interfaces.verdicts import Limits, Verdict, VerdictKind, container_verdict

GB = 2**30
START = datetime(2030, 1, 1, tzinfo=UTC)


def verdict(stderr: str = "", *, seconds: float = 41, limits: dict | None = None, **result) -> Verdict | None:
    fields = {"exit_code": 1, "peak_memory_bytes": int(3.9 * GB), "cpu_seconds": 40.0, **result}
    if fields.get("oom_events"):
        fields["oom_killed"] = True
    return container_verdict(
        ContainerResult(started_at=START, finished_at=START + timedelta(seconds=seconds), **fields),
        stderr=stderr,
        limits=Limits(**{"memory_bytes": 4 * GB, "time_limit_s": 60, "processes": 512, **(limits or {})}),
    )


def test_success_has_no_verdict():
    assert verdict(exit_code=0) is None


def test_want_of_memory_is_told_with_figures_and_a_limit_to_try():
    found = verdict(exit_code=137, oom_events=1)
    assert (found.kind, found.message) == (VerdictKind.MEMORY_LIMIT, messages.MEMORY_LIMIT)
    assert found.advice == "peaked at 3.9 of 4 GB after 41 s; try memory_gb: 6"
    assert found.figures["peak_memory_bytes"] == int(3.9 * GB)
    assert found.figures["memory_limit_bytes"] == 4 * GB
    assert found.figures["oom_events"] == 1


def test_a_component_whose_child_was_killed_and_that_then_failed_ran_out_of_memory():
    found = verdict("worker died\n", exit_code=1, oom_events=2)
    assert (found.kind, found.message) == (VerdictKind.MEMORY_LIMIT, messages.MEMORY_LIMIT)


def test_a_component_that_succeeded_although_its_child_was_killed_gets_a_warning():
    found = verdict(exit_code=0, oom_events=1)
    assert found.kind is VerdictKind.MEMORY_WARNING
    assert not found.is_failure
    assert "a process of it was killed for want of memory" in found.message


def test_what_was_not_measured_is_not_told():
    found = verdict(exit_code=137, oom_events=1, peak_memory_bytes=None, cpu_seconds=None)
    assert found.advice == "ended after 41 s; try memory_gb: 6"
    assert {"peak_memory_bytes", "cpu_seconds"}.isdisjoint(found.figures)


@pytest.mark.parametrize(
    ("most", "advice"),
    [
        (5.0, "try memory_gb: 5, the most that can be had here"),
        (4.0, "more can't be had here, so it must need less"),
        (6.0, "try memory_gb: 6"),
    ],
)
def test_no_more_memory_is_advised_than_there_is(most, advice):
    found = verdict(exit_code=137, oom_events=1, limits={"most_memory_gb": most})
    assert found.advice.endswith(advice)


def test_the_time_limit_is_told_with_another_to_try():
    found = verdict(exit_code=143, timed_out=True, seconds=60.2)
    assert (found.kind, found.message) == (VerdictKind.TIME_LIMIT, messages.TIME_LIMIT)
    assert found.advice == "stopped after 60 s; try time_limit: 120"
    assert found.figures["time_limit_s"] == 60


def test_a_component_that_only_waited_is_told_so():
    found = verdict(exit_code=143, timed_out=True, cpu_seconds=0.3)
    assert "used the processor for only 0.3 s" in found.advice
    assert "time_limit" not in found.advice


@pytest.mark.parametrize(("most", "advice"), [(90, "try time_limit: 90, the most"), (60, "no longer time limit")])
def test_no_longer_time_is_advised_than_the_site_allows(most, advice):
    assert advice in verdict(exit_code=143, timed_out=True, limits={"most_time_s": most}).advice


def test_a_stop_is_no_failure_of_the_component():
    found = verdict(exit_code=137, stopped=True, oom_events=1)
    assert (found.kind, found.message) == (VerdictKind.CANCELLED, messages.CANCELLED)


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        (139, "SIGSEGV", "native library"),
        (132, "SIGILL", "AVX-512"),
        (134, "SIGABRT", "gave up"),
        (137, "SIGKILL", "not for want of memory"),
        (143, "SIGTERM", "not by this runner"),
        (135, "SIGBUS", "mapped"),
    ],
)
def test_a_signal_is_named_and_explained(code, name, words):
    found = verdict(exit_code=code)
    assert (found.kind, found.figures["signal"]) == (VerdictKind.SIGNAL, name)
    assert found.message == messages.NO_ERRORS_REPORTED
    assert found.advice.startswith(f"{name} after 41 s; ")
    assert words in found.advice


@pytest.mark.parametrize("code", [3, 127, 128, 128 + 40, 255])
def test_another_code_is_an_exit_code(code):
    found = verdict("first\nthe scan is too dark\n\n", exit_code=code)
    assert (found.kind, found.message) == (VerdictKind.EXIT_CODE, "the scan is too dark")
    assert found.figures["exit_code"] == code


def test_a_python_memory_error_is_told_apart_from_a_kill():
    line = (
        "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 8.00 GiB for an array with shape (1073741824,)"
    )
    found = verdict(f"Traceback (most recent call last):\n{line}", peak_memory_bytes=GB)
    assert (found.kind, found.message) == (VerdictKind.PYTHON_MEMORY_ERROR, line)
    assert found.figures["requested_bytes"] == 8 * GB
    assert found.advice == "it asked for 8 GB at once; peaked at 1 of 4 GB after 41 s; try memory_gb: 9"


def test_memory_of_the_gpu_is_not_mistaken_for_the_containers():
    line = (
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 16 GiB"
    )
    found = verdict(line)
    assert found.kind is VerdictKind.CUDA_OUT_OF_MEMORY
    assert found.advice.startswith("it asked for 2.5 GB at once; the GPU's own memory")
    assert "try memory_gb" not in found.advice


def test_a_component_that_wants_a_gpu_is_told_where_to_say_so():
    line = "RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU"
    assert "set gpu_type" in verdict(line).advice
    assert verdict(line).kind is VerdictKind.MISSING_GPU
    assert "could not use it" in verdict(line, limits={"gpu_type": "A100"}).advice


def test_refused_processes_are_told_by_the_kernels_count():
    found = verdict("it broke", refused_forks=1200)
    assert (found.kind, found.message) == (VerdictKind.PROCESS_LIMIT, "it broke")
    assert "1,200 times (at most 512)" in found.advice
    assert found.figures["refused_forks"] == 1200


def test_refused_processes_are_told_by_its_own_words_where_the_kernel_can_not_be_asked():
    found = verdict("RuntimeError: can't start new thread")
    assert found.kind is VerdictKind.PROCESS_LIMIT
    assert found.advice.startswith("it was refused a further process or thread (at most 512)")


def test_memory_goes_before_processes():
    assert verdict(exit_code=137, oom_events=3, refused_forks=9).kind is VerdictKind.MEMORY_LIMIT


def test_a_disk_limit_of_its_own_is_told_apart_from_a_full_machine():
    own = DiskExcess(own=True, written_bytes=3 * GB, free_bytes=50 * GB)
    found = verdict(exit_code=137, disk_excess=own, limits={"disk_bytes": 2 * GB})
    assert (found.kind, found.message) == (VerdictKind.DISK_FULL, messages.DISK_LIMIT)
    assert found.advice.startswith("it had 3 GB on disk after 41 s, and 2 GB are allowed")
    machine = DiskExcess(own=False, written_bytes=None, free_bytes=100 * 2**20)
    found = verdict(exit_code=137, disk_excess=machine)
    assert (found.kind, found.message) == (VerdictKind.DISK_FULL, messages.DISK_FULL)
    assert found.advice == "100 MB are left; free some space on the engine's disk"
    assert "written_bytes" not in found.figures


def test_no_space_is_told_by_its_own_words():
    found = verdict("OSError: [Errno 28] No space left on device")
    assert (found.kind, found.message) == (VerdictKind.DISK_FULL, "OSError: [Errno 28] No space left on device")


def test_a_verdict_goes_through_json_and_back():
    found = verdict(exit_code=137, oom_events=1)
    assert Verdict.of(json.loads(json.dumps(found.document()))) == found
