"""The voxels of an image: whole, or as a stream that needs next to no memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from interfaces.errors import ValidationError
from interfaces.images.bounds import MAX_VOXEL_BYTES, memory_bound_bytes
from interfaces.images.expanding import expanded
from interfaces.images.formats import JPEG, METAIMAGE, NIFTI, PNG, image_format
from interfaces.images.header import ImageHeader, read_header
from interfaces.images.itk import itk_name, itk_reason, silent_itk
from interfaces.images.metaimage import MetaImageLayout, metaimage_layout
from interfaces.images.metaimage_stream import BLOCK_BYTES, Voxels, metaimage_blocks
from interfaces.images.nifti import with_not_finite
from interfaces.images.pictures import check_pixels


def read_voxels(path: Path, *, max_bytes: int | None = None) -> sitk.Image:
    """Read an image whole, once.

    Args:
        path: The image, of any format that `read_header` takes.
        max_bytes: Most bytes of voxels; None: half of what the machine's memory holds.

    Raises:
        ValidationError: As for `read_header`, or the voxels are broken or too many.
    """
    bound = min(MAX_VOXEL_BYTES, memory_bound_bytes()) if max_bytes is None else max_bytes
    header = read_header(path, max_bytes=bound)
    form = image_format(path)
    if form is METAIMAGE:
        layout = metaimage_layout(path)
        if layout.compressed_bytes is not None:
            return _inflated(layout, header)
    if form in {PNG, JPEG}:
        check_pixels(path, picture_format=form.name)
    try:
        with silent_itk(), expanded(path, voxel_bytes=header.voxel_bytes) as plain:
            image = sitk.ReadImage(itk_name(plain), imageIO=form.image_io)
            return with_not_finite(image, plain) if form is NIFTI else image
    except (RuntimeError, MemoryError) as error:
        reason = itk_reason(error, path=path) if isinstance(error, RuntimeError) else "not enough memory"
        raise ValidationError(f"The image can't be read: {reason}") from error


def _inflated(layout: MetaImageLayout, header: ImageHeader) -> sitk.Image:
    """A compressed MetaImage, without the inflate of ITK: that fills what it can of broken data and says nothing."""
    values: Voxels = np.empty(layout.voxel_bytes // layout.dtype.itemsize, dtype=layout.dtype.newbyteorder("="))
    position = 0
    for block in metaimage_blocks(layout):
        values[position : position + block.size] = block
        position += block.size
    # SimpleITK counts x, y, z, NumPy z, y, x with the components last.
    shape = (*reversed(layout.size), layout.components) if layout.components > 1 else tuple(reversed(layout.size))
    image = sitk.GetImageFromArray(values.reshape(shape), isVector=layout.components > 1)
    image.SetSpacing(header.spacing_mm)
    image.SetOrigin(header.origin_mm)
    image.SetDirection(header.direction)
    return image


def voxel_blocks(path: Path) -> Iterator[Voxels]:
    """The values of all voxels in the order x, y, z, t (components innermost) in blocks of one dimension, read once.

    A block is valid until the next one is asked for. MetaImages are streamed; other formats are read whole first.

    Raises:
        ValidationError: As for `read_voxels`, at any block.
    """
    if image_format(path) is METAIMAGE:
        yield from metaimage_blocks(metaimage_layout(path))
        return
    yield from blocks_of(read_voxels(path))


def blocks_of(image: sitk.Image) -> Iterator[Voxels]:
    """The values of an image in memory as `voxel_blocks` gives them."""
    values = sitk.GetArrayViewFromImage(image).reshape(-1)
    step = BLOCK_BYTES // values.itemsize
    for start in range(0, values.size, step):
        yield values[start : start + step]
