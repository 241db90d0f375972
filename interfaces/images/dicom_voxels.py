"""A DICOM series as one volume: voxels through ITK's GDCM, geometry from the slices' positions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from interfaces.errors import ValidationError
from interfaces.images.bounds import check_bytes, memory_bound_bytes
from interfaces.images.dicom_series import DicomSeries
from interfaces.images.itk import itk_name, itk_reason, silent_itk

_MAX_VALUE_BYTES = 8  # a rescale can make a 64-bit float of any value


def series_voxels(series: DicomSeries) -> sitk.Image:
    """Read a series as a volume (x, y, z), values after the modality's rescale (Hounsfield units in CT).

    Raises:
        ValidationError: A file can't be decoded, or the series has no positions to stack it by.
    """
    first = series.slices[0]
    if len(series.slices) > 1 and series.spacing_mm is None:
        raise ValidationError("The DICOM series has no positions in the patient, so it is not a volume; give one file")
    claimed = sum(one.rows * one.columns * one.frames * one.samples for one in series.slices)
    check_bytes(claimed * _MAX_VALUE_BYTES, max_bytes=memory_bound_bytes())
    parts = [read_dicom(one.path) for one in series.slices]
    if len(parts) == 1:
        return parts[0]
    # Rescaling can give each slice a type of its own; the widest of them holds all.
    arrays = [sitk.GetArrayViewFromImage(part) for part in parts]
    if len({array.shape for array in arrays}) > 1:
        raise ValidationError("The DICOM series is not one volume: its slices have different numbers of components")
    stack = np.concatenate(arrays).astype(np.result_type(*arrays), copy=False)
    image = sitk.GetImageFromArray(stack, isVector=parts[0].GetNumberOfComponentsPerPixel() > 1)
    image.SetSpacing((*parts[0].GetSpacing()[:2], series.spacing_mm))
    image.SetOrigin(first.position_mm)
    row, column, normal = (first.orientation or ())[:3], (first.orientation or ())[3:], first.normal
    # The columns of the matrix are the directions of the axes.
    image.SetDirection(np.stack([row, column, normal], axis=1).reshape(-1).tolist())
    return image


def read_dicom(path: Path) -> sitk.Image:
    """Decode one DICOM file.

    Raises:
        ValidationError: It can't be decoded.
    """
    try:
        with silent_itk():
            return sitk.ReadImage(itk_name(path), imageIO="GDCMImageIO")
    except RuntimeError as error:
        raise ValidationError(
            f"The DICOM file '{path.name}' can't be decoded: {itk_reason(error, path=path)}"
        ) from error
