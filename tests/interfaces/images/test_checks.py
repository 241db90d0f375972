"""Each image kind has a check, and each check reads the voxels."""

from __future__ import annotations

import numpy as np
import pytest

from interfaces.errors import ValidationError
from interfaces.images.checks import IMAGE_CHECKS, check_image
from interfaces.kinds import InterfaceKind
from interfaces.kinds import InterfaceKindChoices as Kind


def test_every_image_kind_has_a_check():
    assert {*IMAGE_CHECKS, Kind.DICOM_IMAGE_SET} == set(InterfaceKind.interface_type_image())


@pytest.mark.parametrize("kind", [Kind.IMAGE, Kind.HEAT_MAP])
@pytest.mark.parametrize("shape", [(5, 6), (4, 5, 6), (2, 4, 5, 6)])
@pytest.mark.parametrize("dtype", ["u1", "f4"])
def test_an_image_or_heat_map_may_have_any_voxels(write_image, kind, shape, dtype):
    check_image(write_image("a.mha", np.zeros(shape, dtype)), kind=kind)


@pytest.mark.parametrize(
    ("kind", "array"),
    [
        (Kind.IMAGE, np.zeros((40, 5, 6), np.uint8)),
        (Kind.HEAT_MAP, np.zeros((40, 5, 6), np.float32)),
        (Kind.SEGMENTATION, np.zeros((40, 5, 6), np.uint8)),
        (Kind.DISPLACEMENT_FIELD, np.zeros((3, 4, 5, 6), np.float32)),
    ],
)
def test_broken_voxels_fail_every_kind(write_image, kind, array):
    path = write_image("a.mha", array, compress=True)
    check_image(path, kind=kind, voxel_values=[1])
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ValidationError, match="broken"):
        check_image(path, kind=kind, voxel_values=[1])


def test_a_segmentation_is_held_against_its_segments(write_image):
    path = write_image("a.mha", np.full((4, 5, 6), 2, np.uint8))
    check_image(path, kind=Kind.SEGMENTATION, voxel_values=[1, 2])
    with pytest.raises(ValidationError, match="voxel values 2"):
        check_image(path, kind=Kind.SEGMENTATION, voxel_values=[1])


def test_a_volume_is_no_displacement_field(write_image):
    with pytest.raises(ValidationError, match="4 dimensions"):
        check_image(write_image("a.mha"), kind=Kind.DISPLACEMENT_FIELD)


def test_an_mha_is_no_dicom_image_set(write_image):
    with pytest.raises(ValidationError, match=r"folder of \.dcm files"):
        check_image(write_image("a.mha"), kind=Kind.DICOM_IMAGE_SET)
