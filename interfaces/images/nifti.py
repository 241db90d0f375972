"""The header of a NIfTI file (.nii, .nii.gz), read on its own, so that ITK only meets honest ones.

Format: NIfTI-1.1 in a single file; ITK does not read NIfTI-2.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

from interfaces.errors import ValidationError
from interfaces.images.bounds import DEFLATE_MAX_RATIO, check_bytes, check_data

_BITS = {2: 8, 4: 16, 8: 32, 16: 32, 32: 64, 64: 64, 128: 24, 256: 8, 512: 16, 768: 32, 1024: 64, 1280: 64}
_BITS |= {1792: 128, 2304: 32}
"""Bits of a voxel by datatype; bits, long doubles and their complex twins are left out, as ITK has no such voxels."""

_HEADER_BYTES, _NIFTI2_HEADER_BYTES = 348, 540
_MAX_DIMENSION = 7
_MIN_OFFSET, _MAX_OFFSET = 348, 2**31


def check_nifti(path: Path, *, max_bytes: int) -> None:
    """Hold what the header of a NIfTI file claims against the file; no voxel is read.

    Raises:
        ValidationError: It is no single-file NIfTI, or claims more voxels than it holds.
    """
    compressed = path.name.lower().endswith(".gz")
    header = _header(path, compressed)
    dimensions, datatype, bits, offset = _claims(header)
    rank = dimensions[0]
    lengths = dimensions[1 : rank + 1]
    if not 1 <= rank <= _MAX_DIMENSION or any(length < 1 for length in lengths):
        raise ValidationError(f"The NIfTI header claims {rank} dimensions of {lengths}; each needs at least 1 voxel")
    if _BITS.get(datatype) != bits:
        raise ValidationError(f"The NIfTI header claims voxels of type {datatype} with {bits} bits, which is none")
    needed = math.prod(lengths) * bits // 8
    check_bytes(needed, max_bytes=max_bytes)
    if not _MIN_OFFSET <= offset <= _MAX_OFFSET:
        raise ValidationError(f"The NIfTI header claims that voxels begin at byte {offset}")
    file_bytes = path.stat().st_size
    if compressed:
        check_data(needed=needed + offset, present=file_bytes, ratio=DEFLATE_MAX_RATIO)
    else:
        check_data(needed=needed, present=file_bytes - offset)


def _header(path: Path, compressed: bool) -> bytes:
    try:
        with gzip.open(path, "rb") if compressed else path.open("rb") as file:
            return file.read(_HEADER_BYTES)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValidationError(f"The file is not compressed with gzip, or broken: {error}") from error


def _claims(header: bytes) -> tuple[tuple[int, ...], int, int, int]:
    """Dimensions (their number first), datatype, bits per voxel, and the offset of the voxels."""
    for order in "<>":
        if len(header) < _HEADER_BYTES:
            break
        size = struct.unpack_from(order + "i", header)[0]
        if size == _NIFTI2_HEADER_BYTES:
            raise ValidationError("The file is NIfTI-2, which can't be read; save it as NIfTI-1")
        if size == _HEADER_BYTES and header[344:348] == b"n+1\0":
            dimensions = struct.unpack_from(order + "8h", header, 40)
            datatype, bits = struct.unpack_from(order + "2h", header, 70)
            offset = struct.unpack_from(order + "f", header, 108)[0]
            return dimensions, datatype, bits, int(offset) if math.isfinite(offset) else -1
    raise ValidationError("The file is no NIfTI-1 image in a single file: its header does not end in 'n+1'")
