from __future__ import annotations

import io
import os
import struct
import zlib
from time import perf_counter

import pytest
from PIL import Image

from interfaces.errors import ValidationError
from interfaces.files.thumbnails import MAX_BYTES, check_jpeg, check_png


def picture(form: str, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((64, 48), 50).convert(mode).save(buffer, form)
    return buffer.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(10_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_passes(written, mode):
    check_jpeg(written(picture("JPEG", mode)))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_png_passes(written, mode):
    check_png(written(picture("PNG", mode)))


@pytest.mark.parametrize(("check", "form"), [(check_jpeg, "JPEG"), (check_png, "PNG")])
def test_a_picture_that_ends_early_or_is_another_format_is_refused(written, check, form):
    whole = picture(form)
    for content in (b"", whole[:100], whole[:-200], b"x" * 500, picture("PNG" if form == "JPEG" else "JPEG")):
        with pytest.raises(ValidationError, match=f"{form}"):
            check(written(content))


@pytest.mark.parametrize("size", [(65_535, 65_535), (2**31 - 1, 2**31 - 1), (2**30, 1)])
def test_a_png_that_claims_absurd_pixels_is_refused(written, size):
    with pytest.raises(ValidationError, match=r"at most 268435456 are allowed|exceeds limit"):
        check_png(written(png_claiming(*size)))


def test_a_jpeg_of_thousands_of_scans_is_refused_in_time(written):
    buffer = io.BytesIO()
    Image.new("RGB", (2000, 2000)).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    check_jpeg(written(data))
    last = data.rindex(b"\xff\xda")
    start = perf_counter()
    with pytest.raises(ValidationError, match=r"The JPEG has \d+ scans; at most 200 are decoded"):
        check_jpeg(written(data[:last] + data[last:-2] * 5000 + b"\xff\xd9"))
    assert perf_counter() - start < 5


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda data: data[: data.index(b"IEND") - 4],
        lambda data: data[: (at := data.index(b"IDAT") + 50)] + bytes([data[at] ^ 1]) + data[at + 1 :],
    ],
    ids=["no end", "a bit"],
)
def test_a_png_that_is_not_as_its_checksums_say_is_refused(written, spoilt):
    with pytest.raises(ValidationError, match="The PNG"):
        check_png(written(spoilt(picture("PNG"))))


def test_a_picture_of_too_many_bytes_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(picture("PNG"))
    os.truncate(path, MAX_BYTES + 1)
    for check in (check_jpeg, check_png):
        with pytest.raises(ValidationError, match="at most 268435456 are read"):
            check(path)


def test_a_jpeg_that_claims_absurd_pixels_is_refused(written):
    data = bytearray(picture("JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(ValidationError, match=r"claims 65535 x 65535 pixels|exceeds limit"):
        check_jpeg(written(bytes(data)))
