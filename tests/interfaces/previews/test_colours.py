from __future__ import annotations

import numpy as np
import pytest

from interfaces.overlays import LookUpTable, OverlaySegment
from interfaces.previews.colours import look_up, palette_colour, segment_colours

GREY = LookUpTable(title="Grey", color="[0 0 0 0, 100 1 1 1]", alpha="[0 0, 100 1]", range_max=100)


def colours(table: LookUpTable, *values: float, window=(0.0, 1.0), **how) -> list[list[int]]:
    return look_up(table, np.array(values, dtype=float), window=window, **how).tolist()


def test_a_point_is_a_position_and_a_colour_and_between_points_both_are_mixed():
    assert colours(GREY, 0, 20, 100) == [[0, 0, 0, 0], [51, 51, 51, 51], [255, 255, 255, 255]]


def test_beyond_the_ends_the_ends_count_and_what_is_no_number_is_clear():
    assert colours(GREY, -5, 500) == [[0, 0, 0, 0], [255, 255, 255, 255]]
    assert [one[3] for one in colours(GREY, np.nan, np.inf, -np.inf)] == [0, 0, 0]


def test_a_relative_table_is_stretched_over_the_window():
    table = LookUpTable(title="T", color="[0 0 0 0, 100 1 1 1]", alpha="[0 1, 100 1]", range_max=100, relative=True)
    assert colours(table, -1000, 0, 1000, window=(-1000, 1000)) == [
        [0, 0, 0, 255],
        [128, 128, 128, 255],
        [255, 255, 255, 255],
    ]


def test_two_points_at_one_position_make_a_step():
    table = LookUpTable(
        title="Bipolar", color="[-100 0 0 1, 0 0 0 1, 0 1 0 0, 100 1 0 0]", alpha="[-100 1, 0 0, 0 0, 100 1]"
    )
    assert [one[:3] for one in colours(table, -1, 0, 1)] == [[0, 0, 255], [255, 0, 0], [255, 0, 0]]


def test_constant_keeps_the_colour_of_the_last_point():
    table = LookUpTable(
        title="C", color="[0 1 0 0, 10 0 1 0, 20 0 0 1]", alpha="[0 0, 10 1, 20 1]", color_interpolation="Constant"
    )
    assert colours(table, 9.99, 10, 19, 25) == [[255, 0, 0, 0], [0, 255, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]]


@pytest.mark.parametrize(
    ("how", "middle"),
    [
        ("RGB", [128, 0, 128]),
        ("HLS", [255, 0, 255]),  # the shorter way, by magenta
        ("HLSneg", [0, 255, 0]),  # blue, cyan, green, yellow, red
        ("HLSpos", [255, 0, 255]),  # blue, magenta, red
    ],
)
def test_each_interpolation_goes_its_way_from_blue_to_red(how, middle):
    table = LookUpTable(title="T", color="[0 0 0 1, 1 1 0 0]", alpha="[0 1, 1 1]", color_interpolation=how)
    assert colours(table, 0.5)[0][:3] == pytest.approx(middle, abs=2)
    assert [one[:3] for one in colours(table, 0, 1)] == [[0, 0, 255], [255, 0, 0]]


def test_the_way_of_the_hue_turns_about_with_the_ends():
    there = LookUpTable(title="T", color="[0 1 0 0, 1 0 0 1]", alpha="[0 1, 1 1]", color_interpolation="HLSpos")
    assert colours(there, 0.5)[0][:3] == pytest.approx([0, 255, 0], abs=2)


def test_grey_has_no_hue_of_its_own():
    table = LookUpTable(title="T", color="[0 0 0 0, 1 0 0 1]", alpha="[0 1, 1 1]", color_interpolation="HLSpos")
    red, green, blue, _ = colours(table, 0.5)[0]
    assert blue > red == green


def test_an_inverted_table_may_be_written_from_its_end():
    table = LookUpTable(
        title="T",
        color="[0 0 0 0, 255 1 1 1]",
        alpha="[0 0, 255 1]",
        color_invert="[255 0 0 0, 0 1 1 1]",
        alpha_invert="[255 0, 0 1]",
    )
    assert colours(table, 0, 255, invert=True) == [[255, 255, 255, 255], [0, 0, 0, 0]]


def test_a_table_of_one_point_has_one_colour():
    table = LookUpTable(title="T", color="[5 1 0 0]", alpha="[5 1]", color_interpolation="HLS")
    assert colours(table, 0, 5, 9) == [[255, 0, 0, 255]] * 3


def test_values_of_any_shape_keep_it():
    assert look_up(GREY, np.zeros((3, 4)), window=(0, 1)).shape == (3, 4, 4)


def segments(*values: int) -> list[OverlaySegment]:
    return [OverlaySegment(name=f"S{value}", visible=True, voxel_value=value) for value in values]


def test_segments_take_the_palette_by_their_place_and_the_background_takes_none():
    assert segment_colours(segments(0, 5, 3)) == {5: (230, 159, 0), 3: (86, 180, 233)}


def test_64_segments_have_64_colours():
    assert len({palette_colour(place) for place in range(64)}) == 64


def test_segments_take_their_look_up_table_instead():
    table = LookUpTable(title="T", color="[0 0 0 0, 1 1 0 0, 2 0 0 1]", alpha="[0 0, 1 1, 2 1]", range_max=2)
    assert segment_colours(segments(1, 2), table) == {1: (255, 0, 0), 2: (0, 0, 255)}
