"""Segmentations: every voxel is 0 or one of the interface's segments."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator

import numpy as np

from interfaces.errors import ValidationError
from interfaces.images.header import ImageHeader
from interfaces.images.metaimage_stream import Voxels
from interfaces.overlays import MAX_SEGMENTS

_SHOWN = 5


def check_segmentation(header: ImageHeader, blocks: Iterable[Voxels], *, voxel_values: Collection[int]) -> None:
    """Check a segmentation, going through its voxels once.

    A 4D image of zeros and ones is a stack of masks: volume n is segment n, from 1. Any other image holds its segments'
    voxel values.

    Args:
        header: What the image says of itself.
        blocks: Its voxels in order, see `voxel_blocks`.
        voxel_values: The values that the interface's overlay segments name, at most 64; 0 is always allowed.

    Raises:
        ValidationError: It has several numbers per voxel, no integers, or values that no segment names; or its voxels
            can't be read.
    """
    allowed = frozenset({0, *voxel_values})
    if len(allowed) - 1 > MAX_SEGMENTS:
        raise ValidationError(f"A segmentation has at most {MAX_SEGMENTS} segments, not {len(allowed) - 1}")
    if header.components != 1:
        raise ValidationError(f"A segmentation has one number per voxel, not {header.components}")
    if not header.has_integers:
        raise ValidationError(f"A segmentation has whole numbers, not voxels of the type {header.pixel_type}")
    volumes = _values_per_volume(header, blocks, allowed)
    if header.dimension == 4 and all(one.is_mask for one in volumes):
        if header.size[3] > MAX_SEGMENTS and volumes[0].highest == 1:
            raise ValidationError(
                f"The segmentation is a stack of {header.size[3]} masks; at most {MAX_SEGMENTS} are allowed"
            )
        found = {number for number, one in enumerate(volumes, start=1) if one.highest == 1}
        what = "The segmentation is a stack of masks, in which volume n is segment n, with the segments"
    else:
        found = set().union(*(one.strange for one in volumes))
        what = "The segmentation has the voxel values"
    if unexpected := sorted(found - allowed):
        known = ", ".join(map(str, sorted(allowed)))
        raise ValidationError(f"{what} {_some(unexpected)}, but its overlay segments are {known}")


def _some(values: list[int]) -> str:
    return ", ".join(map(str, values[:_SHOWN])) + (", ..." if len(values) > _SHOWN else "")


def _values_per_volume(header: ImageHeader, blocks: Iterable[Voxels], allowed: frozenset[int]) -> list[VolumeValues]:
    """What is in each volume of a 4D image, or in the whole of any other and of one with too many volumes for masks.

    Once far too many strange values were found, the rest is not looked at: the image is refused already.
    """
    volumes = header.size[3] if header.dimension == 4 and header.size[3] <= MAX_SEGMENTS else 1
    values = [VolumeValues(allowed) for _ in range(volumes)]
    for number, block in _within_volumes(blocks, math.prod(header.size) // volumes):
        values[number].add(block)
        if len(values[number].strange) > MAX_SEGMENTS:
            break
    return values


def _within_volumes(blocks: Iterable[Voxels], volume_voxels: int) -> Iterator[tuple[int, Voxels]]:
    """Cut blocks at the borders of volumes; each comes with the number of its volume, from 0."""
    position = 0
    for block in blocks:
        while block.size:
            number, start = divmod(position, volume_voxels)
            part = block[: volume_voxels - start]
            yield number, part
            position += part.size
            block = block[part.size :]


class VolumeValues:
    """What is in a volume: its range, and the values that are not allowed.

    The values of an interface's segments leave no gap, so that the lowest and the highest value of a block nearly
    always tell that all of them are allowed. A processor finds those two as fast as it reads memory.

    Args:
        allowed: The values that voxels may have, 0 among them.

    Attributes:
        lowest: The lowest value so far; 0 counts as there.
        highest: The highest value so far; 0 counts as there.
        strange: The values so far that are not allowed.
    """

    def __init__(self, allowed: frozenset[int]) -> None:
        self.lowest = self.highest = 0
        self.strange: set[int] = set()
        self._allowed = allowed
        self._first = next(value for value in range(0, -len(allowed) - 1, -1) if value - 1 not in allowed)
        self._last = next(value for value in range(len(allowed) + 1) if value + 1 not in allowed)

    @property
    def is_mask(self) -> bool:
        """Whether it holds only zeros and ones."""
        return self.lowest == 0 and self.highest <= 1

    def add(self, block: Voxels) -> None:
        """Add the values of a one-dimensional array of integers that is not empty."""
        lowest, highest = int(block.min()), int(block.max())
        self.lowest, self.highest = min(self.lowest, lowest), max(self.highest, highest)
        if self._first <= lowest and highest <= self._last:
            return
        self.strange.update(set(np.unique(block).tolist()) - self._allowed)
