"""Thumbnails: JPEG and PNG pictures that decode to their end."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from interfaces.errors import ValidationError
from interfaces.images.pictures import UNREADABLE, check_pixels

MAX_BYTES = 256 * 2**20

MAX_SCANS = 200
"""Most scans of a JPEG: each goes over all pixels, but can be some bytes long. Encoders write about ten."""

_START_OF_SCAN = b"\xff\xda"


def check_jpeg(path: Path) -> None:
    """A JPEG picture, decoded whole.

    Raises:
        ValidationError: It is not.
    """
    _check_size(path)
    # In the data of a scan the byte 0xff is followed by another one than this.
    if (scans := path.read_bytes().count(_START_OF_SCAN)) > MAX_SCANS:
        raise ValidationError(f"The JPEG has {scans} scans; at most {MAX_SCANS} are decoded")
    check_pixels(path, picture_format="JPEG")


def check_png(path: Path) -> None:
    """A PNG picture, decoded whole, whose parts are as their checksums say.

    Raises:
        ValidationError: It is not.
    """
    _check_size(path)
    check_pixels(path, picture_format="PNG")
    try:
        with Image.open(path, formats=("PNG",)) as picture:
            picture.verify()
    except UNREADABLE as error:
        raise ValidationError(f"The PNG is damaged: {error}") from error


def _check_size(path: Path) -> None:
    if (size := path.stat().st_size) > MAX_BYTES:
        raise ValidationError(f"The picture has {size} bytes; at most {MAX_BYTES} are read")
