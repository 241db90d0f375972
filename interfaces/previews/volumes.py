"""Reading as much of an image as a picture of it needs: every n-th voxel, in bounded memory and time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from interfaces.errors import ValidationError
from interfaces.images.bounds import bytes_text
from interfaces.images.formats import METAIMAGE, TIFF, image_format
from interfaces.images.header import ImageHeader, read_header
from interfaces.images.metaimage import MetaImageLayout, metaimage_layout
from interfaces.images.metaimage_stream import metaimage_blocks
from interfaces.images.reading import read_voxels
from interfaces.previews.geometry import Geometry, Voxels, geometry_of, to_patient_axes
from interfaces.previews.limits import Deadline
from interfaces.previews.tiff_overviews import read_overview

MAX_SIDE, MAX_FLAT_SIDE = 512, 2048
"""Most voxels along an axis that are kept of a volume, and of a flat image."""

MAX_BYTES = 256 * 2**20
"""Most bytes of voxels that are kept."""

MAX_WHOLE_BYTES = 2**30
"""Largest image that is read whole, where its format can't be read in parts."""

_MAX_ROW_BYTES = 64 * 2**20


@dataclass(frozen=True, kw_only=True)
class Volume:
    """The voxels of an image that are kept, turned to the axes of the patient.

    Attributes:
        voxels: (z, y, x, components); for a volume x runs to the left, y to the back, z to the head.
        geometry: Of these voxels.
        header: What the image says about itself.
        is_flat: Whether it is a picture of two dimensions, which is shown as it is stored.
    """

    voxels: Voxels
    geometry: Geometry
    header: ImageHeader
    is_flat: bool

    @property
    def size(self) -> tuple[int, int, int]:
        """Voxels kept along x, y and z."""
        z, y, x = self.voxels.shape[:3]
        return x, y, z


def read_volume(path: Path, *, deadline: Deadline) -> Volume:
    """The first volume of an image.

    Raises:
        ValidationError: As for `read_header`, or the image takes too much time or memory.
    """
    return next(_read(path, deadline, is_whole=False))


def read_volumes(path: Path, *, deadline: Deadline) -> Iterator[Volume]:
    """Each volume of a 4D image in turn, or the only one of any other.

    Raises:
        ValidationError: As for `read_volume`.
    """
    return _read(path, deadline, is_whole=True)


def _read(path: Path, deadline: Deadline, *, is_whole: bool) -> Iterator[Volume]:
    header = read_header(path)
    is_slide = image_format(path) is TIFF and header.dimension == 2 and header.voxel_bytes > MAX_WHOLE_BYTES
    if is_slide and (copy := read_overview(path, header)):
        yield Volume(voxels=copy[0], geometry=copy[1], header=header, is_flat=True)
        return
    for voxels in _volumes(path, header, deadline, volumes=header.size[3] if is_whole and header.dimension == 4 else 1):
        yield volume_of(voxels, header)


def volume_of(voxels: Voxels, header: ImageHeader) -> Volume:
    """A volume of voxels (z, y, x, components) that were kept at the strides of `strides_of`."""
    geometry = geometry_of(header).thinned(strides_of(header))
    if header.dimension > 2:
        voxels, geometry = to_patient_axes(voxels, geometry)
    return Volume(voxels=voxels, geometry=geometry, header=header, is_flat=header.dimension == 2)


def strides_of(header: ImageHeader) -> tuple[int, int, int]:
    """Which voxels are kept along x, y and z: each, each second, ..."""
    size = [*header.size[:3], *[1] * (3 - min(header.dimension, 3))]
    most = MAX_FLAT_SIDE if header.dimension == 2 else MAX_SIDE
    strides = [-(-length // most) for length in size]
    voxel_bytes = header.voxel_bytes / np.prod(header.size, dtype=float)
    while np.prod(kept := [-(-length // stride) for length, stride in zip(size, strides, strict=True)]) > (
        MAX_BYTES / voxel_bytes
    ):
        longest = int(np.argmax(kept))
        if kept[longest] == 1:
            raise ValidationError("its voxels have too many components to be shown")
        strides[longest] += 1
    return strides[0], strides[1], strides[2]


def _volumes(path: Path, header: ImageHeader, deadline: Deadline, *, volumes: int) -> Iterator[Voxels]:
    layout = metaimage_layout(path) if image_format(path) is METAIMAGE else None
    if layout is not None and layout.compressed_bytes is not None:
        yield from _streamed(layout, header, deadline, volumes)
        return
    if layout is not None:
        values: Voxels = np.memmap(
            layout.data_file, dtype=layout.dtype, mode="r", offset=layout.offset, shape=_shape(header)
        )
        image = None
    else:
        if header.voxel_bytes > MAX_WHOLE_BYTES:
            raise ValidationError(
                f"it has {bytes_text(header.voxel_bytes)} of voxels; of this format at most "
                f"{bytes_text(MAX_WHOLE_BYTES)} are read for a preview"
            )
        image = read_voxels(path, max_bytes=MAX_WHOLE_BYTES)
        values = sitk.GetArrayViewFromImage(image).reshape(_shape(header))
    x, y, z = strides_of(header)
    for number in range(volumes):
        wanted = values[number, ::z, ::y, ::x]
        kept = np.empty(wanted.shape, dtype=values.dtype.newbyteorder("="))
        for slice_, one in zip(kept, wanted, strict=True):
            deadline.check()
            slice_[...] = one
        yield kept
    del image  # the view above does not keep its memory


def _shape(header: ImageHeader) -> tuple[int, ...]:
    """The shape (t, z, y, x, components) of an image's voxels in its file."""
    size = [*header.size, *[1] * (4 - header.dimension)]
    return (*reversed(size), header.components)


def _streamed(layout: MetaImageLayout, header: ImageHeader, deadline: Deadline, volumes: int) -> Iterator[Voxels]:
    """Compressed voxels, decompressed from the beginning and forgotten where they are not kept."""
    _, depth, height, width, components = _shape(header)
    if width * components * layout.dtype.itemsize > _MAX_ROW_BYTES:
        raise ValidationError("its rows are too long to be shown")
    x, y, z = strides_of(header)
    kept_rows = -(-height // y)
    shape = (-(-depth // z), kept_rows, -(-width // x), components)
    kept = np.empty(shape, dtype=layout.dtype.newbyteorder("="))
    current = 0
    for first, rows in _rows(metaimage_blocks(layout), width * components):
        deadline.check()
        numbers = np.arange(first, first + len(rows))
        volume, slice_, row = numbers // (height * depth), numbers // height % depth, numbers % height
        rows = rows.reshape(len(rows), width, components)[:, ::x]
        while True:
            here = (volume == current) & (slice_ % z == 0) & (row % y == 0)
            kept[slice_[here] // z, row[here] // y] = rows[here]
            # A block can hold the end of one volume and the beginning of the next ones.
            ended = numbers[-1] + 1 >= (current + 1) * height * depth
            if not ended:
                break
            yield kept
            current += 1
            if current == volumes:
                return
            kept = np.empty_like(kept)


def _rows(blocks: Iterator[Voxels], length: int) -> Iterator[tuple[int, Voxels]]:
    """Whole rows, and the number of the first of them."""
    first = 0
    pending: list[Voxels] = []
    held = 0
    for block in blocks:
        # A block is valid only until the next one.
        pending.append(block if held + block.size >= length else block.copy())
        held += block.size
        if held < length:
            continue
        values = np.concatenate(pending) if len(pending) > 1 else pending[0]
        count = len(values) // length
        yield first, values[: count * length].reshape(count, length)
        first += count
        rest = values[count * length :].copy()
        pending, held = ([rest] if rest.size else []), rest.size
