"""Samples and totals from counters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from interfaces.containers.cgroup import Reading
from interfaces.containers.usage import Gauges, UsageRecorder

MB = 2**20
START = datetime(2025, 1, 1, tzinfo=UTC)


def reading(at_s: float, cpu_s: float, memory_mb: int = 10, peak_mb: int = 10, oom_kills: int = 0) -> Reading:
    return Reading(
        time=START + timedelta(seconds=at_s),
        monotonic_s=100 + at_s,
        cpu_seconds=cpu_s,
        memory_bytes=memory_mb * MB,
        peak_memory_bytes=peak_mb * MB,
        oom_kills=oom_kills,
    )


def test_nothing_read_is_nothing_known():
    usage = UsageRecorder().usage()
    assert (usage.samples, usage.peak_memory_bytes, usage.cpu_seconds, usage.oom_kills) == ((), None, None, 0)


def test_processor_use_is_between_two_readings_and_100_per_core():
    recorder = UsageRecorder()
    for one in (reading(0, 0.3), reading(1, 1.3), reading(2, 3.3), reading(4, 3.3)):
        recorder.add(one)
    assert [sample.cpu_percent for sample in recorder.usage().samples] == pytest.approx([100, 200, 0])
    assert recorder.usage().cpu_seconds == 3.3


def test_one_reading_gives_totals_and_no_sample():
    recorder = UsageRecorder()
    recorder.add(reading(0, 0.02, memory_mb=7, peak_mb=30), final=True)
    usage = recorder.usage()
    assert (usage.samples, usage.peak_memory_bytes, usage.cpu_seconds) == ((), 30 * MB, 0.02)


def test_the_last_reading_counts_for_totals_alone():
    recorder = UsageRecorder()
    recorder.add(reading(0, 0, memory_mb=50))
    recorder.add(reading(1, 1, memory_mb=60, peak_mb=80))
    recorder.add(reading(2, 1.5, memory_mb=0, peak_mb=90, oom_kills=1), final=True)
    usage = recorder.usage()
    assert [sample.memory_bytes for sample in usage.samples] == [60 * MB]
    assert (usage.peak_memory_bytes, usage.peak_working_set_bytes) == (90 * MB, 60 * MB)
    assert (usage.cpu_seconds, usage.oom_kills) == (1.5, 1)


def test_readings_in_quick_succession_make_no_wild_samples():
    recorder = UsageRecorder()
    recorder.add(reading(0, 0))
    recorder.add(reading(0.001, 0.01))
    recorder.add(reading(0.1, 0.1))
    assert [sample.cpu_percent for sample in recorder.usage().samples] == pytest.approx([100])


@pytest.mark.parametrize("count", [7, 8, 9, 40, 1000])
def test_a_long_run_keeps_few_samples_and_no_peak_is_lost(count):
    seen = []
    recorder = UsageRecorder(seen.append, most_samples=8)
    for second in range(count + 1):
        recorder.add(reading(second, second * 0.5, memory_mb=500 if second == count - 3 else 10))
    samples = recorder.usage().samples
    assert len(seen) == count
    assert len(samples) <= 8
    assert max(sample.memory_bytes for sample in samples) == 500 * MB
    assert [sample.cpu_percent for sample in samples] == pytest.approx([50] * len(samples))
    assert samples[-1].time == seen[-1].time
    assert [sample.time for sample in samples] == sorted({sample.time for sample in samples})


def test_disk_and_gpu_are_read_with_each_sample():
    gauges = iter([Gauges(disk_bytes=1, gpu_percent=50), Gauges(disk_bytes=2, gpu_memory_percent=7)])
    recorder = UsageRecorder(gauges=lambda: next(gauges))
    for second in range(3):
        recorder.add(reading(second, second))
    one, two = recorder.usage().samples
    assert (one.disk_bytes, one.gpu_percent, one.gpu_memory_percent) == (1, 50, None)
    assert (two.disk_bytes, two.gpu_percent, two.gpu_memory_percent) == (2, None, 7)


def test_a_long_run_keeps_the_mean_of_what_is_busy_and_the_highest_of_what_is_filled():
    count = iter(range(100))

    def gauges() -> Gauges:
        n = next(count)
        return Gauges(disk_bytes=n, gpu_percent=100 * (n % 2), gpu_memory_percent=90 if n == 3 else 10)

    recorder = UsageRecorder(gauges=gauges, most_samples=8)
    for second in range(17):
        recorder.add(reading(second, second))
    samples = recorder.usage().samples
    assert len(samples) == 4
    assert {sample.gpu_percent for sample in samples} == {50}
    assert [sample.gpu_memory_percent for sample in samples] == [90, 10, 10, 10]
    assert [sample.disk_bytes for sample in samples] == [3, 7, 11, 15]


def test_what_was_not_read_at_first_takes_the_value_of_its_neighbour():
    values = iter([None, 8, 9, None])
    recorder = UsageRecorder(gauges=lambda: Gauges(disk_bytes=(n := next(values)), gpu_percent=n), most_samples=4)
    for second in range(5):
        recorder.add(reading(second, second))
    assert [(sample.disk_bytes, sample.gpu_percent) for sample in recorder.usage().samples] == [(8, 8), (9, 9)]
