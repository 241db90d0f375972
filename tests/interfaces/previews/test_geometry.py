from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from turns import TURNS

from interfaces.images.header import read_header
from interfaces.previews.geometry import Geometry, geometry_of, patient_axes, side_letters, to_patient_axes

numbers = st.floats(-100, 100, allow_nan=False)


@given(
    st.lists(numbers, min_size=3, max_size=3),
    st.lists(st.floats(-3, 3), min_size=3, max_size=3),
    st.lists(st.floats(0.1, 5), min_size=3, max_size=3),
    st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=5),
)
def test_a_point_and_its_index_lead_to_each_other(origin, angles, spacing, indices):
    turn = np.eye(3)
    for axis, angle in enumerate(angles):
        one, other = [at for at in range(3) if at != axis]
        step = np.eye(3)
        step[[one, one, other, other], [one, other, one, other]] = [
            np.cos(angle),
            -np.sin(angle),
            np.sin(angle),
            np.cos(angle),
        ]
        turn = turn @ step
    geometry = Geometry(origin_mm=np.array(origin), steps_mm=turn * np.array(spacing))
    found = geometry.indices(geometry.points_mm(np.array(indices)))
    np.testing.assert_allclose(found, indices, atol=1e-6)


@pytest.mark.parametrize("turn", TURNS)
def test_a_volume_of_any_direction_is_turned_to_the_patient(turn):
    generator = np.random.default_rng(0)
    voxels = generator.integers(0, 255, (4, 5, 6, 1))
    geometry = Geometry(origin_mm=np.array([1.0, 2.0, 3.0]), steps_mm=turn * np.array([0.5, 1.0, 2.0]))
    turned, new = to_patient_axes(voxels, geometry)
    assert patient_axes(new) == ((0, 1, 2), (1, 1, 1))
    assert not turned.flags.owndata
    for z, y, x in [(0, 0, 0), (3, 4, 5), (1, 2, 3)]:
        (point,) = geometry.points_mm(np.array([[x, y, z]], float))
        i, j, k = np.round(new.indices(point[None])[0]).astype(int)
        assert turned[k, j, i, 0] == voxels[z, y, x, 0]


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((1, 0, 0), "L"),
        ((-2, 0, 0), "R"),
        ((0, 1, 0), "P"),
        ((0, 0, -1), "I"),
        ((1, 0.2, 0), "L"),
        ((1, -0.9, 0), "LA"),
        ((0.4, 0, 0.9), "SL"),
    ],
)
def test_a_direction_has_the_letters_of_the_sides_it_goes_to(direction, letters):
    assert side_letters(np.array(direction, float)) == letters


def test_a_flat_image_and_a_series_in_time_have_the_geometry_of_their_space(image_file):
    flat = geometry_of(read_header(image_file(np.zeros((4, 5), np.uint8), spacing=(2, 3), origin=(7, 8))))
    np.testing.assert_allclose(flat.points_mm(np.array([[1.0, 1.0, 0.0]])), [[9, 11, 0]])
    series = image_file(np.zeros((2, 3, 4, 5), np.uint8), spacing=(2, 3, 4, 9), origin=(1, 2, 3, 0))
    np.testing.assert_allclose(geometry_of(read_header(series)).points_mm(np.ones((1, 3))), [[3, 5, 7]])
