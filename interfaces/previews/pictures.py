"""Previews of pictures and of the first page of a PDF: smaller copies."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

from PIL import Image, ImageOps

from interfaces.errors import ValidationError
from interfaces.images.pictures import UNREADABLE, picture_claims
from interfaces.previews import pdf_page_script
from interfaces.previews.drawing import png
from interfaces.previews.isolated import render
from interfaces.previews.record import PNG, Preview
from interfaces.previews.texts import clean_text, count_text

MAX_SIDE_PX = 800
MAX_PIXELS = 2**27
"""Most pixels of a picture that is decoded for a preview."""


def thumbnail_preview(path: Path, *, title: str, picture_format: str) -> Preview:
    """A JPEG or PNG picture, at most `MAX_SIDE_PX` long, turned as its camera says.

    Raises:
        ValidationError: It can't be decoded, or has too many pixels.
    """
    width, height, _ = picture_claims(path, picture_format=picture_format)
    if width * height > MAX_PIXELS:
        raise ValidationError(f"it has {width} x {height} pixels; at most {MAX_PIXELS} are decoded for a preview")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=(picture_format,)) as picture:
                picture.draft("RGB", (MAX_SIDE_PX, MAX_SIDE_PX))  # a JPEG is decoded at a smaller scale
                small = ImageOps.exif_transpose(picture)
    except UNREADABLE as error:
        raise ValidationError("it can't be decoded") from error
    small = small.convert("RGBA" if "A" in small.getbands() or "transparency" in small.info else "RGB")
    small.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX), Image.Resampling.LANCZOS)
    text = f"{clean_text(title, most=120)}: a {picture_format} picture of {width} x {height} pixels."
    return Preview(media_type=PNG, data=png(_bare(small)), text=text)


def pdf_preview(path: Path, *, title: str) -> Preview:
    """The first page of a PDF, drawn in a process of its own.

    Raises:
        ValidationError: It can't be drawn.
    """
    made = render(Path(pdf_page_script.__file__), str(MAX_SIDE_PX), str(path.absolute()))
    count, _, data = made.partition(b"\n")
    with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
        pages = count_text(int(count), "page")
        return Preview(
            media_type=PNG,
            data=png(_bare(picture.convert("RGB"))),
            text=f"{clean_text(title, most=120)}: a PDF of {pages}.",
        )


def _bare(picture: Image.Image) -> Image.Image:
    """The pixels alone, without what the file says besides (place, camera, profiles)."""
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    return bare
