"""A DICOM file: what it says of itself, learnt without its pixels and before anything is allocated for them.

Tags and frames: DICOM PS3.3, C.7.6.2 (Image Plane Module) and C.7.6.3 (Image Pixel Module).
"""

from __future__ import annotations

import re
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_file_meta_info
from pydicom.uid import (
    UID,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    MRImageStorage,
    PositronEmissionTomographyImageStorage,
)

from interfaces.errors import ValidationError
from interfaces.images.dicom_pixels import check_deflated, check_pixel_data

DICOM_MAGIC = b"DICM"
_MAGIC_OFFSET = 128

_PLANE_CLASSES = frozenset({CTImageStorage, MRImageStorage, PositronEmissionTomographyImageStorage})
"""Classes whose every image has a place in the patient: the Image Plane Module is mandatory (PS3.3, A.3, A.4, A.21)."""

_COSINE_TOLERANCE = 1e-2

_UID = re.compile(r"[0-9][0-9.]{0,63}")
_TAGS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "SeriesDescription",
    "Modality",
    "InstanceNumber",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
]
_BROKEN = (
    InvalidDicomError,
    BytesLengthException,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    RecursionError,
    MemoryError,
    NotImplementedError,
    struct.error,
    zlib.error,
)
"""What pydicom raises for files that are not what they seem."""


@dataclass(frozen=True, kw_only=True)
class DicomSlice:
    """One DICOM file.

    Attributes:
        path: The file.
        sop_instance_uid: Its own identifier.
        sop_class_uid: What sort of object it is.
        series_uid: The identifier of its series.
        series_name: Modality and description of the series.
        number: The instance number, or None.
        rows: Pixels along y.
        columns: Pixels along x.
        frames: Images in the file.
        samples: Values per pixel that are stored in full.
        pixel_bytes: Bytes of all its pixels once they are decompressed.
        position_mm: Centre of its first pixel in the patient (LPS) frame, or None.
        orientation: Cosines of its rows' and its columns' direction, six numbers, or None.
        spacing_mm: Distance of neighbouring pixels along y and along x, or None.
        is_compressed: Whether the pixels are.
    """

    path: Path
    sop_instance_uid: str
    sop_class_uid: str
    series_uid: str
    series_name: str
    number: int | None
    rows: int
    columns: int
    frames: int
    samples: int
    pixel_bytes: int
    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    spacing_mm: tuple[float, ...] | None
    is_compressed: bool

    @property
    def normal(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The unit vector that slices follow each other along."""
        cosines = np.array(self.orientation, dtype=np.float64)
        normal = np.cross(cosines[:3], cosines[3:])
        return normal / np.linalg.norm(normal)

    @property
    def lacks(self) -> str | None:
        """What the file must say of its place in the patient, by its class, and does not; else None."""
        if self.sop_class_uid not in _PLANE_CLASSES:
            return None
        plane = {"position": self.position_mm, "orientation": self.orientation, "pixel spacing": self.spacing_mm}
        return next((name for name, value in plane.items() if value is None), None)


def is_dicom(path: Path) -> bool:
    """Whether a file begins like a DICOM file (PS3.10, 7.1)."""
    with path.open("rb") as file:
        file.seek(_MAGIC_OFFSET)
        return file.read(len(DICOM_MAGIC)) == DICOM_MAGIC


def read_slice(path: Path) -> DicomSlice:
    """Read what a DICOM file says of itself, without its pixels.

    Raises:
        ValidationError: It is no DICOM file, holds no image, lacks an identifier, has a geometry that is none, or
            claims more pixels than it can hold.
    """
    if not is_dicom(path):
        raise ValidationError("is no readable DICOM file: it does not begin like one")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            syntax = read_file_meta_info(path).get("TransferSyntaxUID")
            if syntax == DeflatedExplicitVRLittleEndian:
                check_deflated(path)
            with path.open("rb") as file:
                dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(_TAGS))
                pixels_at = file.tell()
            _check_encoding(dataset, syntax)
            found = _slice(path, dataset, compressed=syntax is not None and syntax.is_compressed)
    except _BROKEN as error:
        why = " ".join(str(error).split())[:150] or type(error).__name__
        raise ValidationError(f"is no readable DICOM file: {why}") from error
    for name, uid in (("SOP", found.sop_instance_uid), ("series", found.series_uid)):
        if not _UID.fullmatch(uid):
            raise ValidationError(f"is a DICOM file without a valid {name} instance UID")
    _check_plane(found)
    check_pixel_data(path, offset=pixels_at, claimed=found.pixel_bytes, syntax=syntax)
    return found


def _check_encoding(dataset: pydicom.Dataset, syntax: UID | None) -> None:
    """Refuse what ITK's decoder mixes up without a word."""
    if syntax == ExplicitVRBigEndian and (_whole(dataset, "BitsAllocated") or 0) > 16:
        raise ValidationError("is a big-endian DICOM file with more than 16 bits a pixel; save it as little-endian")


def _slice(path: Path, dataset: pydicom.Dataset, *, compressed: bool) -> DicomSlice:
    rows, columns = _whole(dataset, "Rows") or 0, _whole(dataset, "Columns") or 0
    frames = _whole(dataset, "NumberOfFrames") or 1
    if min(rows, columns, frames) < 1:
        raise ValidationError("is a DICOM file without an image")
    # Colours with fewer samples along x (and y) take at least a sample per pixel.
    subsampled = str(dataset.get("PhotometricInterpretation") or "").endswith(("422", "420"))
    samples = 1 if subsampled else _whole(dataset, "SamplesPerPixel") or 1
    bits = _whole(dataset, "BitsAllocated") or 1
    if not (1 <= samples <= 4 and 1 <= bits <= 64):
        raise ValidationError(f"is a DICOM file with {samples} samples of {bits} bits per pixel, which can't be read")
    return DicomSlice(
        path=path,
        sop_instance_uid=str(dataset.get("SOPInstanceUID") or ""),
        sop_class_uid=str(dataset.get("SOPClassUID") or ""),
        series_uid=str(dataset.get("SeriesInstanceUID") or ""),
        series_name=f"{dataset.get('Modality') or ''} {dataset.get('SeriesDescription') or ''}".strip(),
        number=_whole(dataset, "InstanceNumber"),
        rows=rows,
        columns=columns,
        frames=frames,
        samples=samples,
        pixel_bytes=rows * columns * frames * samples * bits // 8,
        position_mm=_numbers(dataset, "ImagePositionPatient", 3),
        orientation=_numbers(dataset, "ImageOrientationPatient", 6),
        spacing_mm=_numbers(dataset, "PixelSpacing", 2),
        is_compressed=compressed,
    )


def _whole(dataset: pydicom.Dataset, keyword: str) -> int | None:
    value = dataset.get(keyword)
    return None if value is None or value == "" else int(value)


def _numbers(dataset: pydicom.Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    value = dataset.get(keyword)
    if value is None or value == "":
        return None
    numbers = tuple(float(number) for number in value)
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise ValidationError(f"is a DICOM file whose {keyword} is not {count} finite numbers")
    return numbers


def _check_plane(found: DicomSlice) -> None:
    if found.spacing_mm is not None and min(found.spacing_mm) <= 0:
        raise ValidationError(f"is a DICOM file with a pixel spacing of {found.spacing_mm}; each must be above 0")
    if found.orientation is not None:
        cosines = np.array(found.orientation).reshape(2, 3)
        if not np.allclose(cosines @ cosines.T, np.eye(2), atol=_COSINE_TOLERANCE):
            raise ValidationError("is a DICOM file whose rows and columns are not at right angles")
