"""DICOM image sets: one DICOM series, kept as its own files, named after the SOP instance UID."""

from __future__ import annotations

import shutil
from pathlib import Path

from interfaces.errors import ValidationError
from interfaces.images.dicom import DicomSlice, read_slice
from interfaces.images.dicom_series import DicomSeries, ordered_series
from interfaces.images.dicom_voxels import read_dicom
from interfaces.images.folders import Problems, usable_files
from interfaces.images.formats import DICOM_SUFFIX

MAX_INSTANCES = 10_000
"""Most files of a set; the longest CT series have some thousands."""


def import_dicom_image_set(source: Path, into: Path) -> Path:
    """Copy one DICOM series, unchanged, each file named after its SOP instance UID; no pixel is decoded.

    Args:
        source: A DICOM file, or a folder of the files of one series, at any depth.
        into: An existing folder.

    Returns:
        The folder `into`.

    Raises:
        ValidationError: A file can't be used (all of them are named, each with its reason), or the files are not one
            series of one geometry.
    """
    problems = Problems()
    slices: list[DicomSlice] = []
    files = usable_files(source) if source.is_dir() else [source]
    for path in files:
        with problems.of(path, below=source):
            slices.append(_instance(path))
    problems.raise_any(total=len(files))
    if len(slices) > MAX_INSTANCES:
        raise ValidationError(f"The DICOM series has {len(slices)} files; at most {MAX_INSTANCES} are allowed")
    for one in ordered_series(slices).slices:
        shutil.copyfile(one.path, into / f"{one.sop_instance_uid}{DICOM_SUFFIX}")
    return into


def check_dicom_image_set(path: Path) -> DicomSeries:
    """Check a folder that holds one DICOM series and nothing else, decoding the pixels of each file once.

    Returns:
        The series in its order.

    Raises:
        ValidationError: It is no folder, has other files or names, its files are not one series of one geometry, or
            the pixels of one can't be decoded.
    """
    if not path.is_dir():
        raise ValidationError("A DICOM image set is a folder of .dcm files, not a single file")
    slices = []
    for file in sorted(path.iterdir()):
        try:
            one = _instance(file)
        except ValidationError as error:
            raise ValidationError(f"'{file.name}' {error}") from error
        if file.name != f"{one.sop_instance_uid}{DICOM_SUFFIX}":
            raise ValidationError(
                f"'{file.name}' is not named after its SOP instance, {one.sop_instance_uid}{DICOM_SUFFIX}"
            )
        slices.append(one)
    series = ordered_series(slices)
    for one in series.slices:
        read_dicom(one.path)
    return series


def _instance(path: Path) -> DicomSlice:
    one = read_slice(path)
    if one.lacks:
        raise ValidationError(f"is a DICOM file without {one.lacks}, which its class needs")
    return one
