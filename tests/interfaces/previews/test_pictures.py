from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

from interfaces.errors import ValidationError
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.previews import pictures
from interfaces.previews.making import preview
from interfaces.previews.pictures import thumbnail_preview


def halves(mode: str = "RGB", size: tuple[int, int] = (1600, 800)) -> Image.Image:
    picture = Image.new("RGB", size, (200, 30, 30))
    picture.paste((30, 30, 200), (size[0] // 2, 0, *size))
    return picture.convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "1", "I;16"])
def test_a_png_of_any_form_is_made_smaller(value, tmp_path, pixels, mode):
    path = tmp_path / "a.png"
    (Image.fromarray(np.zeros((800, 1600), np.uint16)) if mode == "I;16" else halves(mode)).save(path)
    made = preview(value(Kind.THUMBNAIL_PNG, given=path))
    assert pixels(made).shape[:2] == (400, 800)
    assert "a PNG picture of 1600 x 800 pixels" in made.text


def test_a_jpeg_is_turned_as_its_camera_says_and_loses_what_it_says_else(value, tmp_path, pixels):
    path = tmp_path / "a.jpeg"
    exif = Image.Exif()
    exif[0x0112] = 6  # the first row is on the right
    exif[0x010E] = "Jane Doe"
    halves().save(path, exif=exif, quality=95, comment=b"secret")
    made = preview(value(Kind.THUMBNAIL_JPG, given=path))
    picture = pixels(made)
    assert picture.shape[:2] == (800, 400)
    assert picture[100, 200].tolist() == pytest.approx([200, 30, 30], abs=12)
    assert picture[700, 200].tolist() == pytest.approx([30, 30, 200], abs=12)
    assert b"Jane" not in made.data
    assert b"secret" not in made.data


def test_a_picture_of_too_many_pixels_is_not_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 1000)
    path = tmp_path / "a.png"
    halves().save(path)
    with pytest.raises(ValidationError, match="it has 1600 x 800 pixels; at most 1000 are decoded"):
        thumbnail_preview(path, title="T", picture_format="PNG")


def page(width: float = 200, height: float = 100) -> bytes:
    writer = PdfWriter()
    drawn = writer.add_blank_page(width=width, height=height)
    stream = DecodedStreamObject()
    stream.set_data(b"1 0 0 rg 0 0 100 100 re f")
    drawn[NameObject("/Contents")] = writer._add_object(stream)
    writer.add_blank_page(width=10, height=10)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_the_first_page_of_a_pdf_is_drawn(value, tmp_path, pixels):
    path = tmp_path / "a.pdf"
    path.write_bytes(page())
    made = preview(value(Kind.PDF, given=path, title="Report"))
    picture = pixels(made)
    assert picture.shape[:2] == (400, 800)
    assert picture[200, 200].tolist() == [255, 0, 0]
    assert picture[200, 600].tolist() == [255, 255, 255]
    assert made.text == "Report: a PDF of 2 pages."


def test_a_page_of_absurd_size_ends_soon(value, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(page(width=1e6, height=0.01))
    made = preview(value(Kind.PDF, given=path))
    assert made.text
