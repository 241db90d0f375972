"""How much an image may claim to hold before anything is allocated for it."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

from interfaces.errors import ValidationError

MAX_VOXEL_BYTES = 64 * 2**30
"""Largest image, in bytes of voxels."""

MAX_COMPONENTS = 65_535
"""Most components of a voxel."""

DEFLATE_MAX_RATIO = 1032
"""What deflate (zlib, gzip, PNG) can expand a byte to at most; see the "Maximum compression factor" of zlib."""

MIN_DIMENSION, MAX_DIMENSION = 2, 4


def voxel_count(size: Sequence[int]) -> int:
    """The number of voxels, refusing sizes that are no image.

    Args:
        size: Voxels along each axis, in any order.

    Raises:
        ValidationError: Too few or too many axes, or an axis without a voxel.
    """
    if not MIN_DIMENSION <= len(size) <= MAX_DIMENSION:
        raise ValidationError(f"The image has {len(size)} dimensions; it must have {MIN_DIMENSION} to {MAX_DIMENSION}")
    if any(length < 1 for length in size):
        raise ValidationError(f"The header claims a size of {size_text(size)} voxels; each axis needs at least 1")
    return math.prod(size)


def check_bytes(voxel_bytes: int, *, max_bytes: int) -> None:
    """Refuse an image that claims more bytes of voxels than allowed.

    Raises:
        ValidationError: It claims more.
    """
    if voxel_bytes > max_bytes:
        raise ValidationError(
            f"The header claims {bytes_text(voxel_bytes)} of voxels; at most {bytes_text(max_bytes)} are allowed"
        )


def check_data(*, needed: int, present: int, ratio: float = 1) -> None:
    """Refuse a header that claims more data than the file can hold.

    Args:
        needed: Bytes of voxels by the header.
        present: Bytes that the file has for them.
        ratio: How many times a byte can expand at most.

    Raises:
        ValidationError: The header lies.
    """
    if needed <= present * ratio:
        return
    expanded = "" if ratio == 1 else ", which is more than they can expand to"
    raise ValidationError(
        f"The header claims {needed} bytes of voxels, but the file has only {max(present, 0)} bytes for them{expanded}"
    )


def memory_bound_bytes() -> int:
    """Most bytes of voxels that are read into memory as a whole: half of the machine's, as they are copied once."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def size_text(size: Sequence[int]) -> str:
    """``512 x 512 x 300``."""
    return " x ".join(map(str, size))


def bytes_text(count: int) -> str:
    """``64.0 GiB`` from 1 GiB on, else MiB or bytes."""
    for unit, scale in (("GiB", 2**30), ("MiB", 2**20)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} bytes"
