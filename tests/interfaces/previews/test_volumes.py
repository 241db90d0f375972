from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest

from interfaces.errors import ValidationError
from interfaces.previews import volumes
from interfaces.previews.limits import Deadline
from interfaces.previews.volumes import read_volume, read_volumes


def kept(path):
    return [volume.voxels[..., 0] for volume in read_volumes(path, deadline=Deadline())]


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("shape", [(7, 9, 11), (1, 30, 20), (3, 4, 5, 6), (5, 1, 1, 3), (40, 30)])
def test_an_image_within_the_bounds_is_read_whole(image_file, shape, compress):
    array = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    found = kept(image_file(array, compress=compress))
    np.testing.assert_array_equal(np.stack(found).reshape(shape), array)


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("suffix", [".mha", ".nrrd"])
def test_of_a_large_image_each_nth_voxel_is_kept(image_file, monkeypatch, compress, suffix):
    monkeypatch.setattr(volumes, "MAX_SIDE", 16)
    array = np.arange(3 * 20 * 33 * 70, dtype=np.int32).reshape(3, 20, 33, 70)
    path = image_file(array, compress=compress, suffix=suffix, spacing=(1, 1, 2, 1))
    np.testing.assert_array_equal(np.stack(kept(path)), array[:, ::2, ::3, ::5])
    geometry = read_volume(path, deadline=Deadline()).geometry
    assert geometry.spacing_mm == (5.0, 3.0, 4.0)


def test_the_bound_of_memory_thins_the_longest_axis(image_file, monkeypatch):
    monkeypatch.setattr(volumes, "MAX_BYTES", 2 * 1000)
    array = np.arange(10 * 10 * 40, dtype=np.int16).reshape(10, 10, 40)
    np.testing.assert_array_equal(kept(image_file(array))[0], array[:, :, ::4])


def test_a_large_compressed_image_takes_little_memory(image_file, monkeypatch):
    monkeypatch.setattr(volumes, "MAX_SIDE", 64)
    path = image_file(np.zeros((200, 512, 512), np.uint8))
    tracemalloc.start()
    try:
        read_volume(path, deadline=Deadline())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**20


def test_a_row_longer_than_a_block_is_put_together(image_file):
    array = np.arange(3 * 600_000, dtype=np.int32).reshape(3, 600_000)
    found = kept(image_file(array))[0][0]
    step = -(-600_000 // volumes.MAX_FLAT_SIDE)
    np.testing.assert_array_equal(found, array[:, ::step])


def test_what_takes_too_long_is_given_up(image_file):
    path = image_file(np.zeros((20, 20, 20), np.uint8))
    deadline = Deadline(0)
    time.sleep(0.01)
    with pytest.raises(ValidationError, match="more than 0 s to read"):
        read_volume(path, deadline=deadline)


def test_formats_that_are_read_whole_have_a_bound_of_their_own(image_file, monkeypatch):
    monkeypatch.setattr(volumes, "MAX_WHOLE_BYTES", 1000)
    path = image_file(np.zeros((20, 20, 20), np.uint8), suffix=".nrrd")
    with pytest.raises(ValidationError, match="it has 8000 bytes of voxels; of this format at most 1000 bytes"):
        read_volume(path, deadline=Deadline())
