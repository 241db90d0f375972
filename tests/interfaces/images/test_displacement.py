"""Displacement fields have size (x, y, z, 3) and one component."""

from __future__ import annotations

import numpy as np
import pytest

from interfaces.errors import ValidationError
from interfaces.images.displacement import check_displacement_field
from interfaces.images.header import read_header


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2"])
def test_vectors_along_the_fourth_axis_pass(write_image, dtype):
    check_displacement_field(read_header(write_image("a.mha", np.zeros((3, 4, 5, 6), dtype))))


@pytest.mark.parametrize("length", [1, 2, 4])
def test_vectors_of_another_length_are_refused(write_image, length):
    with pytest.raises(ValidationError, match=f"3-component vector, but the size is 6 x 5 x 4 x {length}"):
        check_displacement_field(read_header(write_image("a.mha", np.zeros((length, 4, 5, 6), np.float32))))


def test_three_dimensions_are_refused(write_image):
    with pytest.raises(ValidationError, match="has 4 dimensions, not 3; write it as 4 dimensions"):
        check_displacement_field(read_header(write_image("a.mha", np.zeros((4, 5, 6), np.float32))))


@pytest.mark.parametrize("shape", [(4, 5, 6, 3), (3, 4, 5, 6, 3)])
def test_vectors_as_components_are_refused_with_what_to_write(write_image, shape):
    with pytest.raises(ValidationError, match="no colour components, but this has 3 per voxel; write it as"):
        check_displacement_field(read_header(write_image("a.mha", np.zeros(shape, np.float32), vector=True)))
