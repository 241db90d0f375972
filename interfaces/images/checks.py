"""One check per image kind; adding a kind adds a row and a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

from interfaces.errors import ValidationError
from interfaces.images.displacement import check_displacement_field
from interfaces.images.header import read_voxels
from interfaces.images.segments import check_segmentation
from interfaces.kinds import InterfaceKindChoices as Kind


class ImageCheck(Protocol):
    """Raises `ValidationError` for an image that does not fit its kind."""

    def __call__(self, path: Path, *, voxel_values: Collection[int]) -> None:
        """Check the image at `path`."""


def _any_image(path: Path, *, voxel_values: Collection[int]) -> None:
    read_voxels(path)


def _displacement_field(path: Path, *, voxel_values: Collection[int]) -> None:
    check_displacement_field(path)
    read_voxels(path)


def _no_dicom(path: Path, *, voxel_values: Collection[int]) -> None:
    raise ValidationError("DICOM image sets can't be stored yet; use an interface of the kind Image")


IMAGE_CHECKS: Mapping[Kind, ImageCheck] = {
    Kind.IMAGE: _any_image,
    Kind.HEAT_MAP: _any_image,
    Kind.SEGMENTATION: check_segmentation,
    Kind.DISPLACEMENT_FIELD: _displacement_field,
    Kind.DICOM_IMAGE_SET: _no_dicom,
}


def check_image(path: Path, *, kind: Kind, voxel_values: Collection[int] = ()) -> None:
    """Check an image against its kind.

    Args:
        path: A single image file.
        kind: One of the image kinds.
        voxel_values: The values of the interface's overlay segments.

    Raises:
        ValidationError: It does not fit.
    """
    IMAGE_CHECKS[kind](path, voxel_values=voxel_values)
