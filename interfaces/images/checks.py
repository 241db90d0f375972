"""One check per image kind; adding a kind adds a row and a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import SimpleITK as sitk

from interfaces.errors import ValidationError
from interfaces.images.dicom_image_set import check_dicom_image_set
from interfaces.images.displacement import check_displacement_field
from interfaces.images.header import ImageHeader, read_header
from interfaces.images.metaimage_stream import Voxels
from interfaces.images.reading import blocks_of, voxel_blocks
from interfaces.images.segments import check_segmentation
from interfaces.kinds import InterfaceKindChoices as Kind


class ImageCheck(Protocol):
    """Raises `ValidationError` for an image that does not fit its kind."""

    def __call__(self, header: ImageHeader, blocks: Iterable[Voxels], *, voxel_values: Collection[int]) -> None:
        """Check an image by its header and, once, its voxels."""


def check_any_image(header: ImageHeader, blocks: Iterable[Voxels], *, voxel_values: Collection[int] = ()) -> None:
    """Check that an image is whole and readable.

    Raises:
        ValidationError: It is not.
    """
    for _ in blocks:
        pass


def _displacement_field(header: ImageHeader, blocks: Iterable[Voxels], *, voxel_values: Collection[int]) -> None:
    check_displacement_field(header)
    check_any_image(header, blocks)


IMAGE_CHECKS: Mapping[Kind, ImageCheck] = MappingProxyType(
    {
        Kind.IMAGE: check_any_image,
        Kind.HEAT_MAP: check_any_image,
        Kind.SEGMENTATION: check_segmentation,
        Kind.DISPLACEMENT_FIELD: _displacement_field,
    }
)
"""The check of each kind of image that is one file; a DICOM image set has several, and `check_dicom_image_set`."""


def check_image(
    path: Path, *, kind: Kind, voxel_values: Collection[int] = (), voxels: sitk.Image | None = None
) -> None:
    """Check an image against its kind.

    Args:
        path: A single image file; for a DICOM image set a folder of .dcm files.
        kind: One of the image kinds.
        voxel_values: The values of the interface's overlay segments, for a segmentation.
        voxels: The image at `path` where it is in memory already, so that it need not be read again.

    Raises:
        ValidationError: It does not fit.
    """
    if kind == Kind.DICOM_IMAGE_SET:
        check_dicom_image_set(path)
        return
    if path.is_dir():
        raise ValidationError(f"A {kind.label} is a single image file, not a folder")
    blocks = voxel_blocks(path) if voxels is None else blocks_of(voxels)
    IMAGE_CHECKS[kind](read_header(path), blocks, voxel_values=voxel_values)
