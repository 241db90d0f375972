"""Thumbnails: JPEG and PNG pictures that decode to their end."""

from __future__ import annotations

from pathlib import Path

from interfaces.images.pictures import check_pixels


def check_jpeg(path: Path) -> None:
    """A JPEG picture, decoded whole.

    Raises:
        ValidationError: It is not.
    """
    check_pixels(path, picture_format="JPEG")


def check_png(path: Path) -> None:
    """A PNG picture, decoded whole.

    Raises:
        ValidationError: It is not.
    """
    check_pixels(path, picture_format="PNG")
