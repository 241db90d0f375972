"""Segmentations: every voxel is 0 or one of the interface's segments."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from interfaces.errors import ValidationError
from interfaces.images.header import read_voxels
from interfaces.overlays import MAX_SEGMENTS

_INTEGERS = {
    sitk.sitkUInt8,
    sitk.sitkInt8,
    sitk.sitkUInt16,
    sitk.sitkInt16,
    sitk.sitkUInt32,
    sitk.sitkInt32,
    sitk.sitkUInt64,
    sitk.sitkInt64,
}
_SHOWN = 5


def check_segmentation(path: Path, *, voxel_values: Collection[int]) -> None:
    """Check a segmentation.

    Args:
        path: The image.
        voxel_values: The values that the interface's overlay segments name.

    Raises:
        ValidationError: It has several numbers per voxel, no integers, or values that no segment names.
    """
    image = read_voxels(path)
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise ValidationError(f"A segmentation has one number per voxel, not {image.GetNumberOfComponentsPerPixel()}")
    if image.GetPixelID() not in _INTEGERS:
        raise ValidationError(f"A segmentation has whole numbers, not {image.GetPixelIDTypeAsString()}")
    voxels = sitk.GetArrayViewFromImage(image)
    found = values_in(voxels)
    if voxels.ndim == 4 and set(found) <= {0, 1}:
        # A stack of masks: volume n is segment n, from 1.
        found = [0, *(n for n, volume in enumerate(voxels, start=1) if volume.any())]
    if len(found) > MAX_SEGMENTS:
        raise ValidationError(
            f"The segmentation has {len(found)} different voxel values; at most {MAX_SEGMENTS} are allowed"
        )
    unknown = sorted(set(found) - {0, *voxel_values})
    if unknown:
        shown = ", ".join(map(str, unknown[:_SHOWN])) + (", ..." if len(unknown) > _SHOWN else "")
        known = ", ".join(map(str, sorted({0, *voxel_values})))
        raise ValidationError(f"The segmentation has the voxel values {shown}, but its overlay segments are {known}")


def values_in(voxels: np.ndarray) -> list[int]:
    """The different values of an integer array, sorted; counted for narrow types, block by block for wide ones."""
    flat = voxels.reshape(-1)
    if voxels.dtype.itemsize <= 2:
        low = int(np.iinfo(voxels.dtype).min)
        counts = np.zeros(2 ** (8 * voxels.dtype.itemsize), dtype=bool)
        for start in range(0, flat.size, 2**24):
            block = flat[start : start + 2**24]
            counts[(block if low == 0 else block.astype(np.int32) - low)] = True
        return [int(value) + low for value in np.flatnonzero(counts)]
    found: set[int] = set()
    for start in range(0, flat.size, 2**20):
        found.update(np.unique(flat[start : start + 2**20]).tolist())
        if len(found) > 2**16:
            break  # far more than the 64 that are allowed: the exact number is of no interest
    return sorted(found)
