"""What an image says about itself, learnt without reading a voxel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from interfaces.errors import ValidationError
from interfaces.images.bounds import MAX_VOXEL_BYTES, check_bytes, voxel_count
from interfaces.images.formats import JPEG, METAIMAGE, NIFTI, NRRD, PNG, TIFF, image_format
from interfaces.images.itk import itk_name, itk_reason, silent_itk
from interfaces.images.metaimage import metaimage_layout
from interfaces.images.nifti import Matrix, check_nifti, nifti_matrix
from interfaces.images.nrrd import check_nrrd
from interfaces.images.pictures import check_picture
from interfaces.images.tiff import check_tiff

MATRIX_TOLERANCE = 0.1
"""By what part of a voxel the corners of a volume may differ between two descriptions of its place."""

_COMPONENT_BYTES = {
    name: size
    for size, names in {
        1: ("8-bit signed integer", "8-bit unsigned integer"),
        2: ("16-bit signed integer", "16-bit unsigned integer"),
        4: ("32-bit signed integer", "32-bit unsigned integer", "32-bit float"),
        8: ("64-bit signed integer", "64-bit unsigned integer", "64-bit float", "complex of 32-bit float"),
        16: ("complex of 64-bit float",),
    }.items()
    for name in names
}


@dataclass(frozen=True, kw_only=True)
class ImageHeader:
    """What an image says about itself, in SimpleITK's order: x, y, z[, t].

    Attributes:
        size: Voxels along each axis.
        spacing_mm: Distance of neighbouring voxels along each axis; of a time axis in its own unit.
        origin_mm: Centre of the first voxel in the patient (LPS) frame.
        direction: Cosines of the axes as a square matrix, row by row.
        components: Values per voxel.
        pixel_type: Type of a value as SimpleITK describes it (``16-bit signed integer``).
        dimension: Number of axes.
        voxel_bytes: Bytes of all voxels once they are decompressed.
    """

    size: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    origin_mm: tuple[float, ...]
    direction: tuple[float, ...]
    components: int
    pixel_type: str
    dimension: int
    voxel_bytes: int

    @property
    def has_integers(self) -> bool:
        """Whether the voxels' values are whole numbers."""
        return self.pixel_type.endswith("integer")


def read_header(path: Path, *, max_bytes: int = MAX_VOXEL_BYTES) -> ImageHeader:
    """Read the header of an image (.mha, .mhd, .tif, .tiff, .nii, .nii.gz, .nrrd, .png, .jpg, .jpeg).

    What it claims is held against the file by this project's own reading of the format before ITK sees the file.

    Args:
        path: The image.
        max_bytes: Most bytes of voxels that it may claim.

    Raises:
        ValidationError: The file is not an image of the format that its name tells, lies about its data, claims too
            much, or has a geometry that is none.
    """
    check_structure(path, max_bytes=max_bytes)
    reader = sitk.ImageFileReader()
    reader.SetFileName(itk_name(path))
    reader.SetImageIO(image_format(path).image_io)
    try:
        with silent_itk():
            reader.ReadImageInformation()
            header = _header(reader)
    except RuntimeError as error:
        raise ValidationError(f"The image can't be read: {itk_reason(error, path=path)}") from error
    check_bytes(header.voxel_bytes, max_bytes=max_bytes)
    _check_agreement(path, header, max_bytes)
    _check_geometry(header)
    return header


def check_structure(path: Path, *, max_bytes: int = MAX_VOXEL_BYTES) -> None:
    """Hold what an image claims against its file, without ITK and without reading a voxel.

    Raises:
        ValidationError: As for `read_header`.
    """
    if not path.is_file():
        raise ValidationError(f"'{path.name}' is not a file")
    form = image_format(path)
    if form is METAIMAGE:
        metaimage_layout(path, max_bytes=max_bytes)
    elif form is TIFF:
        check_tiff(path, max_bytes=max_bytes)
    elif form is NIFTI:
        check_nifti(path, max_bytes=max_bytes)
    elif form is NRRD:
        check_nrrd(path, max_bytes=max_bytes)
    else:
        assert form in {PNG, JPEG}
        check_picture(path, picture_format=form.name, max_bytes=max_bytes)


def _header(reader: sitk.ImageFileReader) -> ImageHeader:
    size = tuple(reader.GetSize())
    components = reader.GetNumberOfComponents()
    pixel_id = reader.GetPixelID()
    description = sitk.GetPixelIDValueAsString(pixel_id)
    pixel_type = description.removeprefix("vector of ")
    if pixel_type not in _COMPONENT_BYTES:
        raise ValidationError(f"The image has voxels of an unknown type ({description})")
    return ImageHeader(
        size=size,
        spacing_mm=tuple(reader.GetSpacing()),
        origin_mm=tuple(reader.GetOrigin()),
        direction=tuple(reader.GetDirection()),
        components=components,
        pixel_type=pixel_type,
        dimension=reader.GetDimension(),
        voxel_bytes=voxel_count(size) * components * _COMPONENT_BYTES[pixel_type],
    )


def _check_agreement(path: Path, header: ImageHeader, max_bytes: int) -> None:
    """Refuse a header that this project and ITK read differently."""
    form = image_format(path)
    if form is NIFTI and (matrix := nifti_matrix(path)) is not None and header.dimension >= 3:
        _check_matrix(header, matrix)
    if form is not METAIMAGE:
        return
    layout = metaimage_layout(path, max_bytes=max_bytes)
    if (layout.size, layout.components, layout.voxel_bytes) != (
        header.size,
        header.components,
        header.voxel_bytes,
    ):
        raise ValidationError("The MetaImage header can be read in two ways; write it with SimpleITK")


def _check_matrix(header: ImageHeader, matrix: Matrix) -> None:
    """Refuse a NIfTI that ITK puts elsewhere than its matrix does, by the corners of the volume.

    ITK takes the spacing of another field, and the quaternion rather than the matrix where that has a shear, say.
    """
    directions = np.array(header.direction).reshape(header.dimension, -1)[:3, :3]
    itk_matrix = np.column_stack([directions * header.spacing_mm[:3], header.origin_mm[:3]])
    for corner in product(*((0, length - 1) for length in header.size[:3])):
        distance_mm = np.linalg.norm((itk_matrix - matrix) @ (*corner, 1))
        if distance_mm > MATRIX_TOLERANCE * min(header.spacing_mm[:3]):
            raise ValidationError(
                "The NIfTI header places the image in two ways: its sform differs from its qform or spacing, or has a "
                "shear; set both to the right one"
            )


def _check_geometry(header: ImageHeader) -> None:
    numbers = (*header.spacing_mm, *header.origin_mm, *header.direction)
    if not all(math.isfinite(number) for number in numbers):
        raise ValidationError("The image's spacing, origin or direction is not finite")
    if any(spacing <= 0 for spacing in header.spacing_mm):
        raise ValidationError(f"The image's spacing is {header.spacing_mm}; each must be above 0")
    dimension = header.dimension
    rows = [header.direction[at : at + dimension] for at in range(0, dimension**2, dimension)]
    if not _is_invertible(rows):
        raise ValidationError("The image's direction is not valid: two of its axes point the same way")


def _is_invertible(rows: list[tuple[float, ...]]) -> bool:
    """Whether ITK takes a direction: its determinant must not be 0."""
    matrix = [list(row) for row in rows]
    for column in range(len(matrix)):
        pivot = max(range(column, len(matrix)), key=lambda row: abs(matrix[row][column]))
        if abs(matrix[pivot][column]) < 1e-12:
            return False
        matrix[column], matrix[pivot] = matrix[pivot], matrix[column]
        for row in range(column + 1, len(matrix)):
            factor = matrix[row][column] / matrix[column][column]
            matrix[row] = [a - factor * b for a, b in zip(matrix[row], matrix[column], strict=True)]
    return True
