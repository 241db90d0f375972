"""Segmentations: every voxel is 0 or a segment, and stacks of masks are read as such."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from interfaces.errors import ValidationError
from interfaces.images.checks import check_image
from interfaces.images.segments import VolumeValues
from interfaces.kinds import InterfaceKindChoices as Kind

INTEGERS = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"]


def check_segmentation(path: Path, *, voxel_values: Collection[int]) -> None:
    check_image(path, kind=Kind.SEGMENTATION, voxel_values=voxel_values)


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
    path = write_image("a.mha", np.repeat(np.arange(65, dtype=np.uint8), 30).reshape(1, 65, 30))
    check_segmentation(path, voxel_values=range(1, 65))
    with pytest.raises(ValidationError, match="A segmentation has at most 64 segments, not 65"):
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


def test_64_masks_pass_and_65_are_too_many(write_image):
    for count in (64, 65):
        masks = np.zeros((count, 2, 2, 2), np.uint8)
        masks[5, 1] = 1
        path = write_image("a.mha", masks)
        if count == 64:
            check_segmentation(path, voxel_values=range(1, 65))
        else:
            with pytest.raises(ValidationError, match="is a stack of 65 masks; at most 64 are allowed"):
                check_segmentation(path, voxel_values=range(1, 65))


def test_more_volumes_than_masks_cost_no_more_than_their_voxels(write_image):
    volumes = np.zeros((2_000_000, 1, 1, 1), np.uint8)
    start = time.process_time()
    check_segmentation(write_image("a.mha", volumes, compress=True), voxel_values=[1])
    assert time.process_time() - start < 1
    volumes[-1] = 2
    path = write_image("a.mha", volumes, compress=True)
    check_segmentation(path, voxel_values=[1, 2])
    with pytest.raises(ValidationError, match="has the voxel values 2, but"):
        check_segmentation(path, voxel_values=[1])


@settings(max_examples=80, deadline=None)
@given(
    blocks=st.sampled_from(INTEGERS).flatmap(
        lambda dtype: st.lists(arrays(dtype, st.integers(1, 40), elements=st.integers(0, 5)), min_size=1, max_size=4)
    ),
    allowed=st.frozensets(st.integers(-3, 7), max_size=6).map(lambda values: values | {0}),
    shift=st.integers(-3, 3),
)
def test_the_values_that_are_not_allowed_are_those_that_numpy_finds(blocks, allowed, shift):
    if blocks[0].dtype.kind == "i":
        blocks = [block + block.dtype.type(shift) for block in blocks]
    volume = VolumeValues(allowed)
    for block in blocks:
        volume.add(block)
    values = np.concatenate(blocks)
    assert volume.strange == set(values.tolist()) - allowed
    assert volume.is_mask == bool(np.isin(values, [0, 1]).all())


@pytest.mark.parametrize("dtype", INTEGERS)
def test_the_ends_of_a_type_are_values_like_any_other(dtype):
    volume = VolumeValues(frozenset({0, 1}))
    ends = [np.iinfo(dtype).min, np.iinfo(dtype).max]
    volume.add(np.array(ends, dtype))
    assert volume.strange == set(map(int, ends)) - {0, 1}


@pytest.mark.soak
@pytest.mark.parametrize("noise", [0, 0.05, 1])
def test_a_large_compressed_segmentation_is_checked_in_the_time_of_reading_it(tmp_path, noise):
    generator = np.random.default_rng(0)
    z, y, x = np.ogrid[:300, :512, :512]
    labels = np.zeros((300, 512, 512), np.uint8)
    for number in range(1, 7):
        labels[(z - 150) ** 2 + (y - 60 * number) ** 2 + (x - 256) ** 2 < (20 + 10 * number) ** 2] = number
    places = generator.random(labels.shape, dtype=np.float32) < noise
    labels[places] = generator.integers(0, 7, int(places.sum()), dtype=np.uint8)
    path = tmp_path / "a.mha"
    sitk.WriteImage(sitk.GetImageFromArray(labels), path, useCompression=True)
    ratios = []
    for _ in range(7):
        times = [time.perf_counter()]
        sitk.ReadImage(path)
        times.append(time.perf_counter())
        check_segmentation(path, voxel_values=range(1, 7))
        times.append(time.perf_counter())
        ratios.append((times[2] - times[1]) / (times[1] - times[0]))
    assert sorted(ratios)[3] < 1.5
