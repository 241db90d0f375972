"""The headers of PNG and JPEG pictures, read through Pillow, so that ITK only meets honest ones."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from interfaces.errors import ValidationError
from interfaces.images.bounds import DEFLATE_MAX_RATIO, check_bytes, check_data

MAX_PICTURE_PIXELS = 2**28
"""Most pixels of a PNG or JPEG; a JPEG of some hundred bytes can claim 65,535 x 65,535."""

UNREADABLE = (Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
"""What Pillow raises for files that are not what they seem."""


def check_picture(path: Path, *, picture_format: str, max_bytes: int) -> None:
    """Hold what the header of a picture claims against the file; no pixel is read.

    Args:
        path: The file.
        picture_format: ``PNG`` or ``JPEG``.
        max_bytes: Most bytes of pixels.

    Raises:
        ValidationError: It is no picture of that format, or claims more pixels than it may or can hold.
    """
    width, height, channels = picture_claims(path, picture_format=picture_format)
    needed = width * height * channels
    check_bytes(needed, max_bytes=max_bytes)
    if picture_format == "PNG":
        # A pixel has at least a bit.
        check_data(needed=width * height // 8, present=path.stat().st_size, ratio=DEFLATE_MAX_RATIO)


def check_pixels(path: Path, *, picture_format: str) -> None:
    """Decode a picture whole, once.

    Raises:
        ValidationError: It can't be decoded to its end, or `picture_claims` refuses it.
    """
    picture_claims(path, picture_format=picture_format)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=(picture_format,)) as picture:
                picture.load()
    except UNREADABLE as error:
        raise ValidationError(f"The {picture_format} can't be decoded: {error}") from error


def picture_claims(path: Path, *, picture_format: str) -> tuple[int, int, int]:
    """Width, height and number of channels by the header.

    Raises:
        ValidationError: It is no picture of that format, or has more than `MAX_PICTURE_PIXELS`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=(picture_format,)) as picture:
                width, height = picture.size
                channels = len(picture.getbands())
    except UnidentifiedImageError as error:
        raise ValidationError(f"The file is no {picture_format}: it does not begin like one") from error
    except UNREADABLE as error:
        raise ValidationError(f"The file is no readable {picture_format}: {error}") from error
    if width * height > MAX_PICTURE_PIXELS:
        raise ValidationError(
            f"The {picture_format} claims {width} x {height} pixels; at most {MAX_PICTURE_PIXELS} are allowed"
        )
    return width, height, channels
