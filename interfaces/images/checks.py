"""One check per image kind; adding a kind adds a row and a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from interfaces.images.dicom_image_set import check_dicom_image_set
from interfaces.images.displacement import check_displacement_field
from interfaces.images.header import read_header
from interfaces.images.reading import check_voxels
from interfaces.images.segments import check_segmentation
from interfaces.kinds import InterfaceKindChoices as Kind


class ImageCheck(Protocol):
    """Raises `ValidationError` for an image that does not fit its kind."""

    def __call__(self, path: Path, *, voxel_values: Collection[int]) -> None:
        """Check the image at `path`."""


def check_any_image(path: Path, *, voxel_values: Collection[int] = ()) -> None:
    """Check that a file is one image, whole and readable.

    Raises:
        ValidationError: It is not.
    """
    read_header(path)
    check_voxels(path)


def _displacement_field(path: Path, *, voxel_values: Collection[int]) -> None:
    check_displacement_field(path)
    check_voxels(path)


def _dicom_image_set(path: Path, *, voxel_values: Collection[int]) -> None:
    check_dicom_image_set(path)


IMAGE_CHECKS: Mapping[Kind, ImageCheck] = MappingProxyType(
    {
        Kind.IMAGE: check_any_image,
        Kind.HEAT_MAP: check_any_image,
        Kind.SEGMENTATION: check_segmentation,
        Kind.DISPLACEMENT_FIELD: _displacement_field,
        Kind.DICOM_IMAGE_SET: _dicom_image_set,
    }
)
"""The check of each image kind."""


def check_image(path: Path, *, kind: Kind, voxel_values: Collection[int] = ()) -> None:
    """Check an image against its kind.

    Args:
        path: A single image file; for a DICOM image set a folder of .dcm files.
        kind: One of the image kinds.
        voxel_values: The values of the interface's overlay segments, for a segmentation.

    Raises:
        ValidationError: It does not fit.
    """
    IMAGE_CHECKS[kind](path, voxel_values=voxel_values)
