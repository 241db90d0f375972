"""An .mhd header may name one plain file beside it, and nothing else."""

from __future__ import annotations

import os

import numpy as np
import pytest
import SimpleITK as sitk

from interfaces.errors import ValidationError
from interfaces.images.header import read_header
from interfaces.images.metaimage import metaimage_layout
from interfaces.images.reading import read_voxels


@pytest.fixture
def naming(write_image):
    """An .mhd header that names a data file of choice."""

    def name(data_file: str):
        path = write_image("image.mhd")
        path.write_text(path.read_text().replace("image.raw", data_file))
        return path

    return name


@pytest.mark.parametrize("compress", [False, True])
def test_the_voxels_of_an_mhd_lie_in_the_file_beside_it(write_image, compress):
    path = write_image("image.mhd", compress=compress)
    layout = metaimage_layout(path)
    assert layout.data_file.name == ("image.zraw" if compress else "image.raw")
    assert layout.offset == 0
    assert sitk.GetArrayFromImage(read_voxels(path)).ravel().tolist() == list(range(120))


@pytest.mark.parametrize(
    "data_file",
    [
        "/etc/passwd",
        "../image.raw",
        "./image.raw",
        "..",
        ".",
        "sub/image.raw",
        "sub\\image.raw",
        "LIST",
        "list 2",
        "LIST\n/etc/passwd\n/etc/shadow",
        "%s%n",
        "slice%03d.raw 1 4 1",
        "image\0.raw",
    ],
)
def test_a_header_that_names_another_place_is_refused(naming, data_file):
    with pytest.raises(ValidationError, match=r"one plain file in the same folder|not 'key = value'"):
        read_header(naming(data_file))


def test_an_empty_name_of_the_data_file_is_refused(naming):
    with pytest.raises(ValidationError, match="one plain file in the same folder, not ''"):
        read_header(naming(""))


def test_a_data_file_that_is_not_there_is_refused(naming):
    with pytest.raises(ValidationError, match=r"The file 'other.raw' that ElementDataFile names is not in the folder"):
        read_header(naming("other.raw"))


@pytest.mark.parametrize("make", [lambda p: p.symlink_to("/etc/passwd"), lambda p: p.mkdir(), os.mkfifo])
def test_a_data_file_that_is_no_plain_file_is_refused(naming, tmp_path, make):
    make(tmp_path / "strange.raw")
    with pytest.raises(ValidationError, match=r"'strange\.raw' that ElementDataFile names is not a plain file"):
        read_header(naming("strange.raw"))


def test_an_mha_may_not_use_the_file_of_another(write_image):
    path = write_image("image.mhd").rename(write_image("other.mha"))
    with pytest.raises(ValidationError, match="must hold its own voxels: ElementDataFile must be LOCAL"):
        read_header(path)


def test_a_data_file_with_blanks_in_its_name_is_read(naming, tmp_path):
    path = naming("my voxels.raw")
    (tmp_path / "image.raw").rename(tmp_path / "my voxels.raw")
    assert read_voxels(path).GetSize() == (6, 5, 4)


@pytest.mark.parametrize(("separator", "end"), [(" = ", "\r\n"), ("=", "\n"), (": ", "\n")])
def test_headers_written_by_other_programs_are_read(write_image, separator, end):
    path = write_image("image.mha")
    header, data = path.read_bytes().split(b"LOCAL\n")
    header = header.replace(b" = ", separator.encode()).replace(b"\n", end.encode())
    path.write_bytes(header + b"LOCAL" + end.encode() + data)
    assert sitk.GetArrayFromImage(read_voxels(path)).ravel().tolist() == list(range(120))


def test_big_endian_voxels_are_read(write_image):
    path = write_image("image.mha")
    header, data = path.read_bytes().split(b"LOCAL\n")
    swapped = np.frombuffer(data, dtype="<i2").astype(">i2").tobytes()
    path.write_bytes(header.replace(b"MSB = False", b"MSB = True") + b"LOCAL\n" + swapped)
    assert sitk.GetArrayFromImage(read_voxels(path)).ravel().tolist() == list(range(120))
