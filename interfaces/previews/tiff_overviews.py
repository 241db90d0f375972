"""The smaller copies in a TIFF: pathology slides carry them, so that nobody need read the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import TiffImagePlugin

from interfaces.errors import ValidationError
from interfaces.images.header import ImageHeader
from interfaces.images.pictures import UNREADABLE
from interfaces.previews.geometry import Geometry, Voxels, geometry_of

MAX_PIXELS = 2**24
"""Most pixels of a copy that is read."""

_MIN_SIDE = 64
_MAX_PAGES = 64
_SAME_SHAPE = 0.02
_SUBFILE_TYPE, _SMALLER = 254, 1


def read_overview(path: Path, header: ImageHeader) -> tuple[Voxels, Geometry] | None:
    """The largest copy of at most `MAX_PIXELS` in a flat TIFF, with the geometry of its pixels, or None.

    Args:
        path: The TIFF, its pages checked.
        header: Of the whole.

    Returns:
        The copy's voxels (1, y, x, components).

    Raises:
        ValidationError: The copy can't be decoded.
    """
    width, height = header.size[:2]
    try:
        # Not Image.open: that refuses a file by the size of its first page, which is not read here.
        with TiffImagePlugin.TiffImageFile(path) as pages:
            number = _best_page(pages, width / height)
            if number is None:
                return None
            pages.seek(number)
            voxels = np.asarray(pages)
    except UNREADABLE as error:
        raise ValidationError("the smaller copies in the TIFF can't be decoded") from error
    voxels = voxels.reshape(1, *voxels.shape[:2], -1)
    ratio = np.array([width / voxels.shape[2], height / voxels.shape[1], 1.0])
    whole = geometry_of(header)
    # The edges of both lie on each other, so the first pixel's middle moves inwards.
    origin = whole.origin_mm + whole.steps_mm @ ((ratio - 1) / 2)
    return voxels, Geometry(origin_mm=origin, steps_mm=whole.steps_mm * ratio)


def _best_page(pages: TiffImagePlugin.TiffImageFile, shape: float) -> int | None:
    best, most = None, 0
    for number in range(1, min(pages.n_frames, _MAX_PAGES)):
        pages.seek(number)
        width, height = pages.size
        is_copy = pages.tag_v2.get(_SUBFILE_TYPE) == _SMALLER and abs(width / height / shape - 1) < _SAME_SHAPE
        if is_copy and min(width, height) >= _MIN_SIDE and most < width * height <= MAX_PIXELS:
            best, most = number, width * height
    return best
