"""Counters from the engine's statistics."""

from __future__ import annotations

import pytest

from interfaces.containers.engine_stats import reading_from

CPU = {"cpu_usage": {"total_usage": 1_500_000_000}}


@pytest.mark.parametrize("name", ["total_inactive_file", "inactive_file"])
def test_both_versions_of_control_groups_are_read(name):
    reading = reading_from({"cpu_stats": CPU, "memory_stats": {"usage": 900, "max_usage": 1000, "stats": {name: 300}}})
    assert (reading.cpu_seconds, reading.memory_bytes, reading.peak_memory_bytes) == (1.5, 600, 1000)


def test_without_a_high_water_mark_the_use_is_taken():
    assert reading_from({"cpu_stats": CPU, "memory_stats": {"usage": 900}}).peak_memory_bytes == 900


@pytest.mark.parametrize("stats", [{}, {"memory_stats": {}, "cpu_stats": CPU}, {"memory_stats": {"usage": 1}}])
def test_an_empty_answer_before_the_start_or_after_the_end_is_no_reading(stats):
    assert reading_from(stats) is None
