"""Axes with round numbers, and texts that stay texts."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfaces.reports import svg


@given(st.floats(min_value=1e-12, max_value=1e15))
def test_an_axis_reaches_its_highest_value_in_few_even_steps(highest):
    levels = svg.ticks(highest)
    assert levels[0] == 0
    assert levels[-1] >= highest * (1 - 1e-9)
    assert levels[-1] <= 2.6 * highest
    assert 2 <= len(levels) <= 5


@pytest.mark.parametrize("highest", [0, -1, float("nan"), float("inf")])
def test_an_axis_of_nothing_goes_to_one(highest):
    assert svg.ticks(highest)[-1] == 1


@given(st.floats(min_value=0, max_value=1e9))
def test_times_are_round_and_within_the_span(seconds):
    times, unit, name = svg.time_ticks(seconds)
    assert times[0] == 0
    assert times[-1] <= max(seconds, 0.001) * (1 + 1e-9)
    assert len(times) <= 8
    assert name in {"ms", "s", "min", "h", "d"}
    assert all(len(f"{time / unit:g}") <= 6 for time in times)


@pytest.mark.parametrize(
    ("seconds", "last", "name"), [(0.4, 0.4, "s"), (2.9, 2.5, "s"), (95, 80, "s"), (600, 10, "min"), (90_000, 24, "h")]
)
def test_the_unit_suits_the_span(seconds, last, name):
    times, unit, found = svg.time_ticks(seconds)
    if name != found:  # below a second
        assert found == "ms"
        return
    assert times[-1] / unit == pytest.approx(last, rel=0.3)


@given(st.text(max_size=60))
def test_no_text_is_obeyed_in_a_picture(text):
    made = svg.picture(100, 20, [svg.text(1, 10, text), svg.box(0, 0, 1, 1, fill=svg.RED, tip=text)], label=text)
    root = ElementTree.fromstring(made)
    assert {one.tag.rpartition("}")[2] for one in root.iter()} <= {"svg", "rect", "text", "title"}
    assert all(not name.startswith("on") and "href" not in name for one in root.iter() for name in one.attrib)


def test_a_long_name_is_cut_to_its_place():
    assert svg.fitting("x" * 500, 60).endswith("…")
    assert len(svg.fitting("x" * 500, 60)) * 12 * svg.CHARACTER_PX <= 60
    assert svg.fitting("short", 60) == "short"
