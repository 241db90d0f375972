from __future__ import annotations

from dataclasses import replace

import pytest

from interfaces.errors import ValidationError
from interfaces.overlays import (
    MAX_SEGMENTS,
    LookUpTable,
    OverlaySegment,
    check_contiguous,
    check_growth,
    overlay_segments_from,
)

TABLE = LookUpTable(title="Grey", color="[0 0 0 0, 1 1 1 1]", alpha="[0 0 0 0, 1 1 1 1]")


def segments(*values: int) -> tuple[OverlaySegment, ...]:
    return tuple(OverlaySegment(name=f"segment {value}", visible=True, voxel_value=value) for value in values)


def as_json(**changes) -> list[dict]:
    return [{"name": "Lesion", "visible": True, "voxel_value": 1, **changes}]


def test_segments_are_made_of_json():
    assert overlay_segments_from(as_json()) == (OverlaySegment(name="Lesion", visible=True, voxel_value=1),)
    assert overlay_segments_from(segments(1, 2)) == segments(1, 2)
    assert overlay_segments_from([]) == ()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("text", "must be a list"),
        (None, "must be a list"),
        ({"name": "x"}, "must be a list"),
        (["x"], r"overlay_segments\[0\] must be an object"),
        (as_json(metric_template="x"), "unknown key 'metric_template'"),
        ([{"name": "x", "visible": True}], "lacks 'voxel_value'"),
        (as_json(name=1), r"\[0\].name must be of type str, not int"),
        (as_json(visible=1), r"\[0\].visible must be of type bool, not int"),
        (as_json(voxel_value=1.0), r"\[0\].voxel_value must be of type int, not float"),
        (as_json(voxel_value=True), r"\[0\].voxel_value must be of type int, not bool"),
        (as_json() * 65, "has 65 segments; at most 64"),
    ],
)
def test_what_is_no_list_of_segments_is_refused(data, message):
    with pytest.raises(ValidationError, match=message):
        overlay_segments_from(data)


def test_the_most_segments_are_taken():
    assert len(overlay_segments_from(as_json() * MAX_SEGMENTS)) == 64


@pytest.mark.parametrize("values", [(1,), (0, 1), (2, 1, 3), (-1, 1), (-2, -1), (0,)])
def test_voxel_values_without_a_gap_are_taken(values):
    check_contiguous(segments(*values))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((2,), "1 is missing between 0 and 2"),
        ((1, 3), "2 is missing between 0 and 3"),
        ((-2,), "-1 is missing between -2 and 0"),
        ((1, 10**15), "2 is missing"),
        ((1, 2, 1), "uses the voxel value 1 twice"),
    ],
)
def test_a_gap_or_a_repetition_is_named(values, message):
    with pytest.raises(ValidationError, match=message):
        check_contiguous(segments(*values))


def test_segments_may_be_added_but_not_changed_or_removed():
    check_growth(segments(1, 2), segments(2, 1, 3))
    with pytest.raises(ValidationError, match="2 'segment 2' can't be changed or removed"):
        check_growth(segments(1, 2), segments(1))
    for change in ({"name": "other"}, {"visible": False}):
        with pytest.raises(ValidationError, match="can't be changed"):
            check_growth(segments(1), (replace(segments(1)[0], **change),))


@pytest.mark.parametrize(
    "points", ["[0 0 0 0]", "[ 0 .5 1. 1e-3 ]", "[-1 +2 3.5 0, 1 1 1 1]", "[0  0\t0 0 , 1 1 1 1 ,2 2 2 2]"]
)
def test_points_of_colours_are_taken(points):
    replace(TABLE, color=points, alpha=points).clean()


def test_points_of_opacity_may_have_two_numbers():
    replace(TABLE, alpha="[0 0, 1 1]").clean()


def test_the_look_up_table_of_an_inverted_display_is_optional():
    replace(TABLE, color_invert="[1 1 1 0, 0 0 0 1]", alpha_invert="[1 0, 0 1]").clean()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": ""}, "title of a look-up table must be text"),
        ({"title": "\t"}, "title of a look-up table must be text"),
        ({"title": 7}, "title of a look-up table must be text"),
        ({"title": "a\nb"}, "title must be one line"),
        ({"title": "x" * 256}, "at most 255"),
        ({"range_min": 0.5}, "range_min must be a whole number, not 0.5"),
        ({"range_max": True}, "range_max must be a whole number, not True"),
        ({"relative": 1}, "relative must be true or false, not 1"),
        ({"color": ""}, "color must be a list of points"),
        ({"alpha": ""}, "alpha must be a list of points"),
        ({"color": "red"}, "color must be a list of points"),
        ({"color": "[]"}, "color must be a list of points"),
        ({"color": "[0 0 0]"}, "color must be a list of points"),
        ({"color": "[0 0 0 0 0]"}, "color must be a list of points"),
        ({"color": "[0 0 0 0, ]"}, "color must be a list of points"),
        ({"color": "[0 0 0 0, 1 1 1 1"}, "color must be a list of points"),
        ({"color": "[0 0 0 0, 1 1 1 1]\n"}, "color must be a list of points"),
        ({"color": "[a b c d, 1 1 1 1]"}, "color must be a list of points"),
        ({"color": 7}, "color must be a list of points"),
        ({"alpha": "[0 0]"}, "color has 2 points and alpha 1; they must be equal"),
        ({"color_invert": "[0 0 0 0]"}, "color_invert and alpha_invert must both be given, or neither"),
        ({"alpha_invert": "[0 0]"}, "color_invert and alpha_invert must both be given, or neither"),
        ({"color_invert": "[0 0 0 0]", "alpha_invert": "[0 0, 1 1]"}, "color_invert has 1 points and alpha_invert 2"),
        ({"color_interpolation": "rgb"}, "color_interpolation must be one of RGB, HLS, HLSpos, HLSneg, Constant"),
        ({"color_interpolation_invert": ""}, "color_interpolation_invert must be one of"),
    ],
)
def test_a_look_up_table_that_breaks_a_rule_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        replace(TABLE, **changes).clean()


def test_long_numbers_in_points_that_are_wrong_end_in_a_refusal():
    # With an ambiguous pattern this would try every way to split every number.
    with pytest.raises(ValidationError, match="color must be a list of points"):
        replace(TABLE, color="[" + " ".join(["1" * 2000] * 4) + " x]").clean()


def test_a_look_up_table_is_written_as_json():
    assert LookUpTable(**TABLE.as_json()) == TABLE == replace(TABLE, pk=7)
    assert "pk" not in replace(TABLE, pk=7).as_json()
    assert TABLE.as_json()["range_max"] == 4095
