"""TIFF: ITK only meets files whose pages it reads without writing beyond its memory."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interfaces.errors import ValidationError
from interfaces.images.header import read_header
from interfaces.images.reading import read_voxels

WIDTH, HEIGHT, BITS, COMPRESSION, OFFSETS, SAMPLES, COUNTS, SUBFILE = 256, 257, 258, 259, 273, 277, 279, 254
LONG = 4


def page(height: int = 8, width: int = 6, value: int = 7, **tags: int) -> tuple[np.ndarray, dict[int, int]]:
    return np.full((height, width), value, np.uint8), {int(tag[1:]): number for tag, number in tags.items()}


def tiff(*pages: tuple[np.ndarray, dict[int, int]], big: bool = False, order: str = "<") -> bytes:
    """Uncompressed grey pages, each in one strip; their tags can be overruled, and left out by -1."""
    number, count_code, long_type = ("Q", "Q", 16) if big else ("I", "H", LONG)
    start = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if big else 42)
    out = bytearray(start + (struct.pack(order + "HHQ", 8, 0, 0) if big else struct.pack(order + "I", 0)))
    link = len(out) - struct.calcsize("=" + number)
    for pixels, changes in pages:
        height, width = pixels.shape
        tags = {
            WIDTH: width,
            HEIGHT: height,
            BITS: 8,
            COMPRESSION: 1,
            262: 1,
            OFFSETS: len(out),
            SAMPLES: 1,
            278: height,
        }
        tags |= {COUNTS: pixels.nbytes, **changes}
        tags = {tag: value for tag, value in tags.items() if value >= 0}
        out += pixels.tobytes()
        struct.pack_into(order + number, out, link, len(out))
        out += struct.pack(order + count_code, len(tags))
        for tag in sorted(tags):
            out += struct.pack(order + "HH" + 2 * number, tag, long_type, 1, tags[tag])
        link = len(out)
        out += struct.pack(order + number, 0)
    return bytes(out)


@pytest.fixture
def file(tmp_path: Path):
    def write(content: bytes) -> Path:
        path = tmp_path / "a.tif"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_classic_and_big_files_of_both_byte_orders_are_read(file, big, order):
    path = file(tiff(page(value=3), page(value=4), big=big, order=order))
    assert read_header(path).size == (6, 8, 2)
    assert sitk.GetArrayFromImage(read_voxels(path))[:, 0, 0].tolist() == [3, 4]


def test_smaller_copies_after_the_image_are_passed_over(file):
    path = file(tiff(page(64, 48), page(32, 24, t254=1), page(16, 12, t254=1)))
    assert read_voxels(path).GetSize() == (48, 64)


def test_tiles_are_read(file):
    tiles = {"t273": -1, "t278": -1, "t279": -1, "t322": 16, "t323": 16, "t324": 8, "t325": 256}
    image = read_voxels(file(tiff(page(16, 16, **tiles))))
    assert image.GetSize() == (16, 16)
    # ITK makes red, green, blue and opacity of every tiled image.
    assert image.GetPixel(3, 5) == (7, 7, 7, 255)
    with pytest.raises(ValidationError, match="tiles of 17 x 16 pixels; they must be multiples of 16"):
        read_header(file(tiff(page(16, 16, **{**tiles, "t322": 17}))))


def test_pages_of_a_document_are_slices(file):
    assert read_voxels(file(tiff(page(t254=2), page(t254=2), page(t254=2)))).GetSize() == (6, 8, 3)


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        ([page(8, 6), page(80, 60)], "page 2 has another width than the first"),
        ([page(8, 6), page(9, 6)], "page 2 has another height"),
        ([page(), page(t258=16, t256=3)], "page 2 has another width"),
        ([page(), page(t339=2)], "page 2 has another sample format"),
        ([page(t254=0), page()], "page 2 has another NewSubfileType"),
        ([page(), page(), page(t254=2)], "page 3 has another NewSubfileType"),
        ([page(t254=2), page()], "page 2 has another NewSubfileType"),
        ([page(t254=2), page(t254=1)], "first page has the NewSubfileType 2"),
        ([page(t254=1), page(80, 60)], "first page has the NewSubfileType 1; write it as 0"),
        ([page(), page(4, 3, t254=1), page()], "a slice after smaller copies, at page 3"),
        ([page(), page(t254=2**31)], "page 2 has another NewSubfileType"),
    ],
)
def test_pages_that_make_itk_write_beyond_its_memory_are_refused(file, pages, why):
    with pytest.raises(ValidationError, match=why):
        read_header(file(tiff(*pages)))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (tiff(page(t256=0)), "each axis needs at least 1"),
        (tiff(page(t256=100)), "claims 800 bytes of voxels, but a strip or tile has fewer"),
        (tiff(page(t256=2**31, t257=2**31, t278=2**31)), "a strip or tile has fewer"),
        (tiff(page(t257=10**6, t278=10**6, t259=7)), "more than they can expand to"),
        (tiff(page(t277=70_000)), "70000 samples per pixel"),
        (tiff(page(t258=1000)), "samples of 1000 bits"),
        (tiff(page(t273=10**6)), "pixels lie beyond its own end"),
        (tiff(page(t279=10**6)), "pixels lie beyond its own end"),
        (tiff(page(t279=0)), "a strip or tile has fewer"),
        (tiff(page(t257=10**6, t278=10**6, t259=8)), "more than they can expand to"),
        (tiff(page(t257=10**6, t278=10**6, t259=5)), "more than they can expand to"),
        (tiff(page(t322=16, t323=16)), "both strips and tiles"),
        (tiff(page(t324=8, t325=48)), "both strips and tiles"),
        (tiff(page(t278=0)), "strips without a row"),
        (tiff(page(t278=3)), "a page of 3 strips or tiles, but says where 1 of them lie"),
        (tiff(page(t284=2)), "separate planes"),
        (tiff(page(t266=2)), "fill order 2"),
        (tiff(page(t274=5)), "orientation 5"),
        (tiff(page(t262=3)), "a palette that is not one of its bits"),
        (tiff(page(t262=6)), "1 samples per pixel of photometric interpretation 6"),
        (tiff(page(t259=34712)), "the compression 34712"),
        (tiff(page(t339=3)), "samples of 8 bits in the format 3"),
        (tiff(page())[:-20], "points beyond its own end"),
        (tiff(), "has no page"),
        (b"II*\0\xff\xff\xff\x7f", "points beyond its own end"),
        (b"II*\0\x08\0\0\0\xff\xff" + bytes(100), "claims 65535 tags"),
        (b"XX*\0" + bytes(100), "does not begin like one"),
        (b"II+\0\x08\0\x01\0" + bytes(100), "does not begin like one"),
    ],
)
def test_a_lying_tiff_is_refused(file, content, why):
    with pytest.raises(ValidationError, match=why):
        read_header(file(content))


def test_pages_that_run_in_a_circle_are_refused(file):
    data = bytearray(tiff(page(), page()))
    first = struct.unpack("<I", data[4:8])[0]
    data[-4:] = struct.pack("<I", first)
    with pytest.raises(ValidationError, match="list of pages does not end"):
        read_header(file(bytes(data)))


def test_a_tag_that_comes_twice_is_refused(file):
    data = tiff(page())
    with pytest.raises(ValidationError, match="has the tag 257 twice"):
        read_header(file(data.replace(struct.pack("<HHI", WIDTH, LONG, 1), struct.pack("<HHI", HEIGHT, LONG, 1))))


def test_tags_with_values_elsewhere_must_lie_in_the_file(file):
    data = tiff(page(t270=5))
    at = data.index(struct.pack("<HHI", 270, LONG, 1))
    with pytest.raises(ValidationError, match="points beyond its own end"):
        read_header(file(data[: at + 4] + struct.pack("<II", 1000, 10**6) + data[at + 12 :]))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from(
                [SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, OFFSETS, SAMPLES, COUNTS, 262, 266, 278, 284, 322, 339]
            ),
            st.one_of(st.integers(0, 9), st.sampled_from([16, 32, 64, 255, 2**16, 2**31, 2**32 - 1])),
        ),
        max_size=4,
    )
)
def test_no_tiff_however_odd_crashes(file, changes):
    pages = [page(), page(), page()]
    for number, tag, value in changes:
        pages[number][1][tag] = value
    path = file(tiff(*pages))
    try:
        size = read_header(path).size
        assert read_voxels(path).GetSize() == size
    except ValidationError:
        return
