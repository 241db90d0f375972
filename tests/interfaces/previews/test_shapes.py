from __future__ import annotations

import numpy as np
import pytest

from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.previews.shapes import shapes_of

VERSION = {"major": 1, "minor": 0}


def one(kind: Kind, **fields):
    (shape,) = shapes_of(kind, {"type": kind.label, "version": VERSION, **fields})
    return shape


def test_a_distance_has_its_length():
    assert one(Kind.DISTANCE_MEASUREMENT, start=[0, 0, 0], end=[3, 4, 12]).label == "13.0 mm"


def test_an_angle_is_that_between_its_lines():
    lines = [[[0, 0, 0], [10, 0, 0]], [[5, 5, 5], [5, 15, 5]]]
    assert one(Kind.ANGLE, lines=lines, name="A", probability=0.5).label == "A  0.50  90.0°"


def test_a_three_point_angle_is_that_at_its_middle_point():
    assert one(Kind.THREE_POINT_ANGLE, angle=[[10, 0, 0], [0, 0, 0], [10, 10, 0]]).label == "45.0°"


def test_an_ellipse_goes_through_the_ends_of_its_axes():
    major, minor = [[-4, 0, 1], [4, 0, 1]], [[0, -2, 1], [0, 2, 1]]
    shape = one(Kind.ELLIPSE, major_axis=major, minor_axis=minor)
    assert shape.is_closed
    for end in major + minor:
        assert np.linalg.norm(shape.points - end, axis=1).min() < 1e-9
    np.testing.assert_allclose((shape.points[:, 0] / 4) ** 2 + (shape.points[:, 1] / 2) ** 2, 1)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("x" * 100, "x" * 39 + "…"), ("a\x1b[31m\u202eb\nc", "a�[31m�b c"), ("  a   b ", "a b")],
    ids=["long", "hostile", "blanks"],
)
def test_names_are_bounded_and_clean(name, shown):
    assert one(Kind.POINT, point=[1, 2, 3], name=name).label == shown
