"""Segmentations: every voxel is 0 or one of the interface's segments."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from interfaces.errors import ValidationError
from interfaces.images.header import ImageHeader, read_header
from interfaces.images.metaimage_stream import Voxels
from interfaces.images.reading import voxel_blocks
from interfaces.overlays import MAX_SEGMENTS

Integers: TypeAlias = np.ndarray[Any, np.dtype[np.integer[Any]]]

_SHOWN = 5
_WORD_BYTES = 8


def check_segmentation(path: Path, *, voxel_values: Collection[int]) -> None:
    """Check a segmentation, reading its voxels once.

    A 4D image of zeros and ones is a stack of masks: volume n is segment n, from 1. Any other image holds its segments'
    voxel values.

    Args:
        path: The image.
        voxel_values: The values that the interface's overlay segments name; 0 is always allowed.

    Raises:
        ValidationError: It has several numbers per voxel, no integers, values that no segment names, or more than 64
            different ones; or it can't be read.
    """
    header = read_header(path)
    if header.components != 1:
        raise ValidationError(f"A segmentation has one number per voxel, not {header.components}")
    if not header.has_integers:
        raise ValidationError(f"A segmentation has whole numbers, not voxels of the type {header.pixel_type}")
    per_volume = _values_per_volume(path, header)
    found = set().union(*per_volume)
    what = "The segmentation has the voxel values"
    if header.dimension == 4 and found <= {0, 1}:
        found = {number for number, values in enumerate(per_volume, start=1) if 1 in values}
        what = "The segmentation is a stack of masks, in which volume n is segment n, with the segments"
    _check_values(found, allowed={0, *voxel_values}, what=what)


def _check_values(found: set[int], *, allowed: set[int], what: str) -> None:
    unexpected = sorted(found - allowed)
    if unexpected:
        known = ", ".join(map(str, sorted(allowed)))
        raise ValidationError(f"{what} {_some(unexpected)}, but its overlay segments are {known}")
    if len(found - {0}) > MAX_SEGMENTS:
        raise ValidationError(
            f"The segmentation has {len(found - {0})} different voxel values besides 0; "
            f"at most {MAX_SEGMENTS} are allowed"
        )


def _some(values: list[int]) -> str:
    return ", ".join(map(str, values[:_SHOWN])) + (", ..." if len(values) > _SHOWN else "")


def _values_per_volume(path: Path, header: ImageHeader) -> list[set[int]]:
    """The different values in each volume of a 4D image, or in the one volume of any other.

    Once there are far too many of them the rest is not looked at: what was found is enough to refuse the image.
    """
    volumes = header.size[3] if header.dimension == 4 else 1
    volume_voxels = math.prod(header.size) // volumes
    values = [DistinctValues() for _ in range(volumes)]
    for number, block in _within_volumes(voxel_blocks(path), volume_voxels):
        values[number].add(block)
        if len(values[number].found) > MAX_SEGMENTS + _SHOWN:
            break
    return [one.found for one in values]


def _within_volumes(blocks: Iterator[Voxels], volume_voxels: int) -> Iterator[tuple[int, Voxels]]:
    """Cut blocks at the borders of volumes; each comes with the number of its volume, from 0."""
    position = 0
    for block in blocks:
        while block.size:
            number, start = divmod(position, volume_voxels)
            part = block[: volume_voxels - start]
            yield number, part
            position += part.size
            block = block[part.size :]


class DistinctValues:
    """Collects the different values of integer arrays.

    Most voxels of a segmentation equal their neighbour, so only those where something changes are looked at: eight
    bytes at a time, which a processor compares as fast as it reads them.

    Attributes:
        found: The values so far.
    """

    def __init__(self) -> None:
        self.found: set[int] = set()

    def add(self, block: Integers) -> None:
        """Add the values of a one-dimensional array."""
        candidates = _where_it_changes(block)
        if self.found and candidates.size:
            candidates = candidates[~np.isin(candidates, np.array(sorted(self.found), dtype=block.dtype))]
        if candidates.size:
            self.found.update(np.unique(candidates).tolist())


def _where_it_changes(block: Integers) -> Integers:
    """Some voxels of the block, among them one of each value."""
    per_word = _WORD_BYTES // block.itemsize
    words = block[: block.size - block.size % per_word].view(np.uint64)
    if not words.size:
        return block
    changed = words[1:][words[1:] != words[:-1]]
    return np.concatenate([words[:1].view(block.dtype), changed.view(block.dtype), block[words.size * per_word :]])
