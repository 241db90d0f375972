"""A person's image, in whatever format, as the one file that is stored: MHA or TIFF."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from interfaces.errors import ValidationError
from interfaces.images.dicom import DicomSlice, is_dicom, read_slice
from interfaces.images.dicom_series import ordered_series
from interfaces.images.dicom_voxels import series_voxels
from interfaces.images.folders import Problems, usable_files
from interfaces.images.formats import (
    FORMAT_OF_SUFFIX,
    JPEG,
    METAIMAGE,
    NIFTI,
    NRRD,
    PNG,
    TIFF,
    image_format,
    image_suffix,
)
from interfaces.images.header import check_structure, read_header
from interfaces.images.itk import itk_name, itk_reason, silent_itk
from interfaces.images.metaimage import metaimage_layout
from interfaces.images.nrrd import nrrd_as_raw
from interfaces.images.reading import read_voxels

MHA = ".mha"

MAX_STEM_BYTES = 255 - len(MHA)
"""So that the name of a folder with an ending is still one of a file."""


@dataclass(frozen=True, kw_only=True)
class ImportedImage:
    """What an import made.

    Attributes:
        path: The MHA or TIFF file, named after the source.
        voxels: The image in memory where it had to be read for the import; None where the file was kept as it is.
    """

    path: Path
    voxels: sitk.Image | None = None


def import_image(source: Path, into: Path) -> ImportedImage:
    """Make one MHA or TIFF file of an image, keeping spacing, origin, direction and pixel type.

    An MHA or TIFF file is kept byte for byte, voxels unread. All else becomes an MHA, compressed if the source is. Of
    DICOM files the pixel type is that after the modality's rescale.

    Args:
        source: An image file (MHA, MHD with its raw file, NIfTI, NRRD, TIFF, PNG, JPEG, DICOM), or a folder with
            exactly one image or the files of one DICOM series, at any depth.
        into: An existing folder.

    Returns:
        The file in `into`, and the voxels where they were read.

    Raises:
        ValidationError: A file can't be used (all of them are named, each with its reason), there is not exactly one
            image, or it can't be read.
    """
    if source.is_dir():
        return _import_folder(source, into)
    if image_suffix(source) is None:
        if not is_dicom(source):
            raise ValidationError(f"'{source.name}' is in no known format; known are DICOM, {_known_suffixes()}")
        return _import_dicom([_slice(source)], into, name=source.stem)
    return _import_file(source, into)


def _known_suffixes() -> str:
    return ", ".join(FORMAT_OF_SUFFIX)


def _slice(path: Path) -> DicomSlice:
    try:
        return read_slice(path)
    except ValidationError as error:
        raise ValidationError(f"'{path.name}' {error}") from error


def _import_folder(folder: Path, into: Path) -> ImportedImage:
    problems = Problems()
    files = usable_files(folder)
    images: list[Path] = []
    for path in (path for path in files if image_suffix(path) is not None):
        with problems.of(path, below=folder):
            read_header(path)
            images.append(path)
    parts = {metaimage_layout(path).data_file for path in images if image_format(path) is METAIMAGE}
    slices: list[DicomSlice] = []
    for path in (path for path in files if image_suffix(path) is None and path not in parts):
        with problems.of(path, below=folder):
            if not is_dicom(path):
                raise ValidationError(f"is in no known format; known are DICOM, {_known_suffixes()}")
            slices.append(read_slice(path))
    problems.raise_any(total=len(files))
    if slices and images:
        raise ValidationError(f"The folder '{folder.name}' has DICOM files and '{images[0].name}'; give one image")
    if len(images) > 1:
        raise ValidationError(f"The folder '{folder.name}' has {len(images)} images; give one of them")
    return _import_dicom(slices, into, name=folder.name) if slices else _import_file(images[0], into)


def _import_dicom(slices: list[DicomSlice], into: Path, *, name: str) -> ImportedImage:
    series = ordered_series(slices)
    compress = any(one.is_compressed for one in series.slices)
    stem = name.encode(errors="replace")[:MAX_STEM_BYTES].decode(errors="ignore")
    return _write(series_voxels(series), into / f"{stem}{MHA}", compress=compress)


def _import_file(source: Path, into: Path) -> ImportedImage:
    suffix = image_suffix(source) or ""
    stem = source.name[: -len(suffix)]
    if suffix == MHA or image_format(source) is TIFF:
        read_header(source)
        target = into / f"{stem}{suffix}"
        shutil.copyfile(source, target)
        return ImportedImage(path=target)
    header = read_header(source)
    if header.pixel_type.startswith("complex"):
        raise ValidationError(f"'{source.name}' has complex voxels, which can't be stored; give magnitude or phase")
    return _write(read_voxels(source), into / f"{stem}{MHA}", compress=_is_compressed(source))


def _is_compressed(path: Path) -> bool:
    check_structure(path)
    form = image_format(path)
    if form is METAIMAGE:
        return metaimage_layout(path).compressed_bytes is not None
    if form is NRRD:
        return nrrd_as_raw(path) is not None
    return form in {PNG, JPEG} or (form is NIFTI and path.name.lower().endswith(".gz"))


def _write(image: sitk.Image, target: Path, *, compress: bool) -> ImportedImage:
    try:
        with silent_itk():
            sitk.WriteImage(image, itk_name(target), useCompression=compress, imageIO=METAIMAGE.image_io)
    except RuntimeError as error:
        raise ValidationError(f"The image can't be written as MHA: {itk_reason(error, path=target)}") from error
    return ImportedImage(path=target, voxels=image)
