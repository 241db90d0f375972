"""An image from a person's file or a component's output to one file in a form that is stored."""

from __future__ import annotations

import shutil
from pathlib import Path

import SimpleITK as sitk

from interfaces.errors import ValidationError
from interfaces.images.header import read_header, read_voxels

KEPT = (".mha", ".tif", ".tiff")
"""Stored byte for byte."""

CONVERTED = (".nii.gz", ".nii", ".mhd", ".nrrd", ".png", ".jpg", ".jpeg")
"""Stored as MHA, with the same voxels and geometry."""


def suffix_of(path: Path) -> str:
    """The extension that tells the format, in lower case; ``.nii.gz`` is one."""
    name = path.name.lower()
    return next((suffix for suffix in (*CONVERTED, *KEPT) if name.endswith(suffix)), path.suffix.lower())


def import_image(source: Path, into: Path) -> Path:
    """Make one MHA or TIFF file of an image.

    Args:
        source: A file in one of the formats of `KEPT` and `CONVERTED`.
        into: A folder.

    Returns:
        The file in `into`, named after the source.

    Raises:
        ValidationError: It is in no known format or can't be read.
    """
    if source.is_dir():
        raise ValidationError(f"{source} is a folder; give the path of one image file")
    suffix = suffix_of(source)
    if suffix in KEPT:
        read_header(source)
        target = into / source.name
        shutil.copyfile(source, target)
        return target
    if suffix not in CONVERTED:
        known = ", ".join((*KEPT, *CONVERTED))
        raise ValidationError(f"{source.name} is in no known image format; known are {known}")
    image = read_voxels(source)
    target = into / f"{source.name[: -len(suffix)]}.mha"
    sitk.WriteImage(image, str(target), useCompression=suffix.endswith(".gz"))
    return target
