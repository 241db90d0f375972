"""DICOM image sets: one DICOM series, kept as its own files, named after the SOP instance UID."""

from __future__ import annotations

import shutil
from pathlib import Path

from interfaces.errors import ValidationError
from interfaces.images.dicom import DicomSeries, DicomSlice, ordered_series, read_slice
from interfaces.images.dicom_voxels import read_dicom
from interfaces.images.folders import Problems, usable_files

SUFFIX = ".dcm"


def import_dicom_image_set(source: Path, into: Path) -> Path:
    """Copy one DICOM series, unchanged, each file named after its SOP instance UID.

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
            slices.append(read_slice(path))
    problems.raise_any(total=len(files))
    series = ordered_series(slices)
    for one in series.slices:
        read_dicom(one.path)
        shutil.copyfile(one.path, into / f"{one.sop_instance_uid}{SUFFIX}")
    return into


def check_dicom_image_set(path: Path) -> DicomSeries:
    """Check a folder that holds one DICOM series and nothing else; pixels are not decoded.

    Returns:
        The series in its order.

    Raises:
        ValidationError: It is no folder, has other files or names, or its files are not one series of one geometry.
    """
    if not path.is_dir():
        raise ValidationError("A DICOM image set is a folder of .dcm files, not a single file")
    slices = []
    for file in sorted(path.iterdir()):
        try:
            one = read_slice(file)
        except ValidationError as error:
            raise ValidationError(f"'{file.name}' {error}") from error
        if file.name != f"{one.sop_instance_uid}{SUFFIX}":
            raise ValidationError(f"'{file.name}' is not named after its SOP instance, {one.sop_instance_uid}{SUFFIX}")
        slices.append(one)
    return ordered_series(slices)
