"""The header of a NIfTI file (.nii, .nii.gz), read on its own, so that ITK only meets honest ones.

Format: NIfTI-1.1 in a single file; ITK does not read NIfTI-2.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import SimpleITK as sitk

from interfaces.errors import ValidationError
from interfaces.images.bounds import DEFLATE_MAX_RATIO, check_bytes, check_data

Matrix: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.float64]]

_BITS = {2: 8, 4: 16, 8: 32, 16: 32, 32: 64, 64: 64, 128: 24, 256: 8, 512: 16, 768: 32, 1024: 64, 1280: 64}
_BITS |= {1792: 128, 2304: 32}
"""Bits of a voxel by datatype; bits, long doubles and their complex twins are left out, as ITK has no such voxels."""

_FLOATS = {16: "f4", 64: "f8"}

_HEADER_BYTES, _NIFTI2_HEADER_BYTES = 348, 540
_MAX_DIMENSION = 7
_MIN_OFFSET, _MAX_OFFSET = 348, 2**31


@dataclass(frozen=True, kw_only=True)
class _Claims:
    """What the header says.

    Attributes:
        order: Of bytes, as NumPy has it.
        lengths: Voxels along each axis.
        datatype: The code of the voxels' type.
        bits: Of a voxel.
        offset: Where the voxels begin, in bytes; -1 where the header holds no number.
        spacing: Of each axis, of the first three in mm.
        codes: Whether the quaternion, and whether the matrix, places the image in the patient.
        quaternion: Its b, c and d, and its offsets in mm.
        matrix_mm: From voxels to the patient (RAS): three rows of four.
    """

    order: str
    lengths: tuple[int, ...]
    datatype: int
    bits: int
    offset: int
    spacing: tuple[float, ...]
    codes: tuple[int, int]
    quaternion: tuple[float, ...]
    matrix_mm: tuple[float, ...]


def check_nifti(path: Path, *, max_bytes: int) -> None:
    """Hold what the header of a NIfTI file claims against the file; no voxel is read.

    Raises:
        ValidationError: It is no single-file NIfTI, claims more voxels than it holds, or has a geometry that is none.
    """
    compressed = path.name.lower().endswith(".gz")
    claims = _claims(_header(path, compressed))
    if _BITS.get(claims.datatype) != claims.bits:
        raise ValidationError(
            f"The NIfTI header claims voxels of type {claims.datatype} with {claims.bits} bits, which is none"
        )
    needed = math.prod(claims.lengths) * claims.bits // 8
    check_bytes(needed, max_bytes=max_bytes)
    if not _MIN_OFFSET <= claims.offset <= _MAX_OFFSET:
        raise ValidationError(f"The NIfTI header claims that voxels begin at byte {claims.offset}")
    file_bytes = path.stat().st_size
    if compressed:
        check_data(needed=needed + claims.offset, present=file_bytes, ratio=DEFLATE_MAX_RATIO)
    else:
        check_data(needed=needed, present=file_bytes - claims.offset)
    _check_geometry(claims)


def nifti_matrix(path: Path) -> Matrix | None:
    """The matrix (sform) from voxels to the patient in mm (LPS, as ITK has it), 3 x 4; None where it is not in use."""
    claims = _claims(_header(path, path.name.lower().endswith(".gz")))
    if claims.codes[1] <= 0:
        return None
    signs = np.array([[-1.0], [-1.0], [1.0]])
    matrix: Matrix = np.multiply(signs, np.array(claims.matrix_mm, dtype=np.float64).reshape(3, 4))
    return matrix


def with_not_finite(image: sitk.Image, plain: Path) -> sitk.Image:
    """An image with the infinities and NaN that its file has; ITK has put 0 in their place.

    Args:
        image: The file as ITK read it.
        plain: The file, not compressed.

    Raises:
        ValidationError: There are such numbers in vectors.
    """
    claims = _claims(_header(plain, compressed=False))
    if claims.datatype not in _FLOATS:
        return image
    dtype = np.dtype(claims.order + _FLOATS[claims.datatype])
    raw = np.memmap(plain, dtype, mode="r", offset=claims.offset, shape=(math.prod(claims.lengths),))
    places = np.flatnonzero(~np.isfinite(raw))
    if not places.size:
        return image
    if image.GetNumberOfComponentsPerPixel() > 1:
        raise ValidationError("The NIfTI has vectors with numbers that are not finite, which can't be read")
    values = sitk.GetArrayFromImage(image)
    values.reshape(-1)[places] = raw[places]
    restored = sitk.GetImageFromArray(values, isVector=False)
    restored.CopyInformation(image)
    return restored


def _check_geometry(claims: _Claims) -> None:
    # ITK takes 1 for a spacing of 0 or no number, and 0 for an offset that is none.
    for length, spacing in zip(claims.lengths[:3], claims.spacing, strict=False):
        if length > 1 and not (math.isfinite(spacing) and spacing > 0):
            raise ValidationError(f"The NIfTI header's spacing (pixdim) is {spacing}; each must be above 0")
    for code, name, numbers in zip(
        claims.codes, ("qform", "sform"), (claims.quaternion, claims.matrix_mm), strict=True
    ):
        if code > 0 and not all(map(math.isfinite, numbers)):
            raise ValidationError(f"The NIfTI header's {name} is not finite")


def _header(path: Path, compressed: bool) -> bytes:
    try:
        with gzip.open(path, "rb") if compressed else path.open("rb") as file:
            return file.read(_HEADER_BYTES)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValidationError(f"The file is not compressed with gzip, or broken: {error}") from error


def _claims(header: bytes) -> _Claims:
    for order in "<>":
        if len(header) < _HEADER_BYTES:
            break
        size = struct.unpack_from(order + "i", header)[0]
        if size == _NIFTI2_HEADER_BYTES:
            raise ValidationError("The file is NIfTI-2, which can't be read; save it as NIfTI-1")
        if size == _HEADER_BYTES and header[344:348] == b"n+1\0":
            return _fields(header, order)
    raise ValidationError("The file is no NIfTI-1 image in a single file: its header does not end in 'n+1'")


def _fields(header: bytes, order: str) -> _Claims:
    rank, *lengths = struct.unpack_from(order + "8h", header, 40)
    if not 1 <= rank <= _MAX_DIMENSION or min(lengths[:rank]) < 1:
        raise ValidationError(
            f"The NIfTI header claims {rank} dimensions of {tuple(lengths[: max(rank, 0)])}; "
            "each needs at least 1 voxel"
        )
    datatype, bits = struct.unpack_from(order + "2h", header, 70)
    offset = struct.unpack_from(order + "f", header, 108)[0]
    return _Claims(
        order=order,
        lengths=tuple(lengths[:rank]),
        datatype=datatype,
        bits=bits,
        offset=int(offset) if math.isfinite(offset) else -1,
        spacing=struct.unpack_from(order + "7f", header, 80)[:rank],
        codes=struct.unpack_from(order + "2h", header, 252),
        quaternion=struct.unpack_from(order + "6f", header, 256),
        matrix_mm=struct.unpack_from(order + "12f", header, 280),
    )
