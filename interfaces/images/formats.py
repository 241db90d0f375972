"""The image formats that are known, told by the ending of a file's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from interfaces.errors import ValidationError


@dataclass(frozen=True, kw_only=True)
class ImageFormat:
    """An image format.

    Attributes:
        name: As people call it.
        image_io: The ITK reader that is asked for it, and no other: ITK would else try all of them in turn.
        suffixes: How names end, in lower case.
        may_be_produced: Whether a component may write it.
    """

    name: str
    image_io: str
    suffixes: tuple[str, ...]
    may_be_produced: bool = False


METAIMAGE = ImageFormat(name="MetaImage", image_io="MetaImageIO", suffixes=(".mha", ".mhd"), may_be_produced=True)
TIFF = ImageFormat(name="TIFF", image_io="TIFFImageIO", suffixes=(".tif", ".tiff"), may_be_produced=True)
NIFTI = ImageFormat(name="NIfTI", image_io="NiftiImageIO", suffixes=(".nii", ".nii.gz"))
NRRD = ImageFormat(name="NRRD", image_io="NrrdImageIO", suffixes=(".nrrd",))
PNG = ImageFormat(name="PNG", image_io="PNGImageIO", suffixes=(".png",))
JPEG = ImageFormat(name="JPEG", image_io="JPEGImageIO", suffixes=(".jpg", ".jpeg"))

DICOM_SUFFIX = ".dcm"
"""How the files of a stored DICOM image set end. Others may end in anything: they are told by how they begin."""

FORMATS = (METAIMAGE, TIFF, NIFTI, NRRD, PNG, JPEG)

FORMAT_OF_SUFFIX: Mapping[str, ImageFormat] = MappingProxyType(
    {suffix: image_format for image_format in FORMATS for suffix in image_format.suffixes}
)


def image_suffix(path: Path) -> str | None:
    """The known ending of a file's name in lower case (``.nii.gz`` as one), or None."""
    name = path.name.lower()
    endings = [suffix for suffix in FORMAT_OF_SUFFIX if name.endswith(suffix) and name != suffix]
    return max(endings, key=len) if endings else None


def image_format(path: Path) -> ImageFormat:
    """The format that a file's name tells.

    Raises:
        ValidationError: The ending is not known.
    """
    suffix = image_suffix(path)
    if suffix is None:
        raise ValidationError(f"'{path.name}' has no ending of an image format ({', '.join(FORMAT_OF_SUFFIX)})")
    return FORMAT_OF_SUFFIX[suffix]
