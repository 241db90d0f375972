"""Segmentations: every voxel is 0 or a segment, and stacks of masks are read as such."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from interfaces.errors import ValidationError
from interfaces.images.segments import DistinctValues, check_segmentation

INTEGERS = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"]


def spheres(dtype: str = "u1") -> np.ndarray:
    z, y, x = np.ogrid[:20, :30, :40]
    values = np.zeros((20, 30, 40), dtype)
    for number, (at, radius) in enumerate([(8, 6), (14, 5), (22, 7)], start=1):
        values[(z - 10) ** 2 + (y - at) ** 2 + (x - at) ** 2 < radius**2] = number
    return values


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("name", ["a.mha", "a.nrrd"])
@pytest.mark.parametrize("compress", [False, True])
def test_a_segmentation_with_only_known_values_passes(write_image, dtype, name, compress):
    check_segmentation(write_image(name, spheres(dtype), compress=compress), voxel_values=[1, 2, 3])


@pytest.mark.parametrize("name", ["a.mha", "a.tif", "a.mhd"])
def test_an_empty_segmentation_passes(write_image, name):
    check_segmentation(write_image(name, np.zeros((4, 5, 6), np.uint8)), voxel_values=[1])


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("place", [0, 1, 7, 8, 9, 12_345, 23_992, 23_998, 23_999])
def test_a_single_strange_voxel_is_found_wherever_it_lies(write_image, dtype, place):
    values = spheres(dtype)
    values.reshape(-1)[place] = 77
    with pytest.raises(
        ValidationError, match=r"^The segmentation has the voxel values 77, but its overlay segments are 0, 1, 2, 3$"
    ):
        check_segmentation(write_image("a.mha", values, compress=True), voxel_values=[1, 2, 3])


def test_negative_values_are_values(write_image):
    values = spheres("i2")
    values[3, 4, 5] = -1
    path = write_image("a.mha", values)
    with pytest.raises(ValidationError, match="has the voxel values -1, but"):
        check_segmentation(path, voxel_values=[1, 2, 3])
    check_segmentation(path, voxel_values=[-1, 1, 2, 3])


def test_only_a_few_of_many_strange_values_are_named(write_image):
    values = np.arange(2400, dtype=np.uint16).reshape(10, 12, 20)
    with pytest.raises(
        ValidationError, match=r"voxel values 2, 3, 4, 5, 6, \.\.\., but its overlay segments are 0, 1$"
    ):
        check_segmentation(write_image("a.mha", values), voxel_values=[1])


def test_64_segments_pass_and_65_are_too_many(write_image):
    for count in (64, 65):
        path = write_image("a.mha", np.repeat(np.arange(count + 1, dtype=np.uint8), 30).reshape(1, count + 1, 30))
        if count == 64:
            check_segmentation(path, voxel_values=range(1, 65))
        else:
            with pytest.raises(ValidationError, match="65 different voxel values besides 0; at most 64 are allowed"):
                check_segmentation(path, voxel_values=range(1, 66))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_fractions_are_no_segmentation_even_if_they_are_whole(write_image, dtype):
    with pytest.raises(
        ValidationError, match=r"A segmentation has whole numbers, not voxels of the type \d+-bit float"
    ):
        check_segmentation(write_image("a.mha", spheres(dtype)), voxel_values=[1, 2, 3])


def test_colours_are_no_segmentation(write_image):
    path = write_image("a.mha", np.zeros((4, 5, 6, 3), np.uint8), vector=True)
    with pytest.raises(ValidationError, match="one number per voxel, not 3"):
        check_segmentation(path, voxel_values=[1])


@pytest.fixture
def stack() -> np.ndarray:
    """Three masks (t, z, y, x); odd sizes put the borders of volumes inside of blocks and words."""
    masks = np.zeros((3, 3, 5, 7), np.uint8)
    masks[0, 1, 2, 3] = masks[2, 2, 4, 6] = 1
    return masks


def test_a_stack_of_masks_holds_the_segments_of_its_filled_volumes(write_image, stack):
    path = write_image("a.mha", stack)
    check_segmentation(path, voxel_values=[1, 2, 3])
    check_segmentation(path, voxel_values=[1, 3])
    with pytest.raises(
        ValidationError,
        match=r"stack of masks, in which volume n is segment n, with the segments 3, but .* are 0, 1, 2$",
    ):
        check_segmentation(path, voxel_values=[1, 2])


@pytest.mark.parametrize("place", [0, 104])
def test_the_first_and_last_voxel_of_a_mask_belong_to_it(write_image, stack, place):
    stack[:] = 0
    stack[1].reshape(-1)[place] = 1
    path = write_image("a.mha", stack, compress=True)
    check_segmentation(path, voxel_values=[2])
    with pytest.raises(ValidationError, match="with the segments 2"):
        check_segmentation(path, voxel_values=[1, 3])


def test_large_masks_across_many_blocks_are_kept_apart(write_image):
    masks = np.zeros((3, 70, 101, 103), np.uint8)
    masks[1] = 1
    path = write_image("a.mha", masks, compress=True)
    check_segmentation(path, voxel_values=[2])
    with pytest.raises(ValidationError, match="with the segments 2, but"):
        check_segmentation(path, voxel_values=[1, 3])


def test_four_dimensions_with_other_values_are_labels(write_image, stack):
    stack[0, 0, 0, 0] = 2
    path = write_image("a.mha", stack)
    check_segmentation(path, voxel_values=[1, 2])
    with pytest.raises(ValidationError, match="has the voxel values 2"):
        check_segmentation(path, voxel_values=[1])


def test_broken_voxels_are_refused(write_image):
    path = write_image("a.mha", spheres(), compress=True)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ValidationError, match="broken"):
        check_segmentation(path, voxel_values=[1, 2, 3])


@settings(max_examples=60, deadline=None)
@given(
    data=st.sampled_from(INTEGERS).flatmap(
        lambda dtype: st.lists(arrays(dtype, st.integers(0, 40), elements=st.integers(0, 5)), min_size=1, max_size=4)
    )
)
def test_the_values_of_blocks_are_those_that_numpy_finds(data):
    values = DistinctValues()
    for block in data:
        values.add(block)
    assert values.found == set(np.concatenate(data).tolist())
