"""Numbers as people read them, and limits as people write them."""

from __future__ import annotations

import pytest

from interfaces.verdicts.figures import memory_text, more_memory_gb, peak_text, seconds_text

GB = 2**30


@pytest.mark.parametrize(
    ("limit_gb", "wanted"), [(0.0625, 0.125), (0.25, 0.375), (1, 1.5), (1.5, 3), (4, 6), (5, 8), (16, 24)]
)
def test_the_next_limit_is_half_as_much_again_in_round_steps(limit_gb, wanted):
    assert more_memory_gb(int(limit_gb * GB)) == wanted


def test_the_next_limit_covers_what_is_known_to_be_needed():
    assert more_memory_gb(4 * GB, at_least_bytes=int(74.6 * GB)) == 75


def test_memory_and_time_are_told_in_the_unit_that_suits_them():
    assert [memory_text(size) for size in (50 * 2**20, GB, int(3.94 * GB), 120 * GB)] == [
        "50 MB",
        "1 GB",
        "3.94 GB",
        "120 GB",
    ]
    assert peak_text(int(0.2 * GB), 4 * GB) == "0.2 of 4 GB"
    assert peak_text(60 * 2**20, 64 * 2**20) == "60 of 64 MB"
    assert [seconds_text(seconds) for seconds in (0.42, 41.2, 3600)] == ["0.4 s", "41 s", "3600 s"]
