"""Headers: what an image says of itself, without its voxels and without belief."""

from __future__ import annotations

from pathlib import Path

import nibabel
import nilearn
import numpy as np
import pytest
import SimpleITK as sitk

from interfaces.errors import ValidationError
from interfaces.images.header import read_header

OBLIQUE = (0.8, 0.6, 0.0, -0.6, 0.8, 0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("name", ["a.mha", "a.mhd", "a.nrrd", "a.nii", "a.nii.gz"])
@pytest.mark.parametrize("compress", [False, True])
def test_a_volume_tells_its_geometry_whatever_its_format(write_image, name, compress):
    header = read_header(write_image(name, compress=compress, direction=OBLIQUE))
    assert header.size == (6, 5, 4)
    assert header.spacing_mm == pytest.approx((0.7, 0.8, 2.5))
    assert header.origin_mm == pytest.approx((-12.25, 7.5, 100.125))
    assert header.direction == pytest.approx(OBLIQUE, abs=1e-6)
    assert (header.components, header.dimension, header.pixel_type) == (1, 3, "16-bit signed integer")
    assert header.voxel_bytes == 6 * 5 * 4 * 2
    assert header.has_integers


@pytest.mark.parametrize("name", ["a.mha", "a.tif", "a.tiff", "a.png", "a.jpg", "a.jpeg"])
def test_a_colour_picture_has_three_components_and_two_dimensions(write_image, name):
    header = read_header(write_image(name, np.zeros((5, 6, 3), np.uint8), vector=True))
    assert (header.size, header.components, header.dimension, header.voxel_bytes) == ((6, 5), 3, 2, 90)


@pytest.mark.parametrize("name", ["UPPER.MHA", "UPPER.TIF", "UPPER.PNG"])
def test_the_ending_of_a_name_may_be_in_upper_case(write_image, tmp_path, name):
    written = write_image(name.lower(), np.zeros((5, 6), np.uint8))
    assert read_header(written.rename(tmp_path / name)).size == (6, 5)


def test_a_series_of_pages_in_a_tiff_is_a_volume(write_image):
    assert read_header(write_image("a.tif", np.zeros((7, 5, 6), np.uint16))).size == (6, 5, 7)


def test_four_dimensions_are_read(write_image):
    header = read_header(write_image("a.mha", np.zeros((3, 4, 5, 6), np.float32)))
    assert (header.size, header.dimension, header.has_integers) == ((6, 5, 4, 3), 4, False)


@pytest.mark.parametrize(
    "path",
    [
        *sorted(Path(nibabel.__file__).parent.glob("tests/data/*.nii*")),
        *sorted(Path(nilearn.__file__).parent.glob("datasets/data/*.nii*")),
    ],
    ids=lambda path: path.name,
)
def test_real_nifti_files_have_the_geometry_that_nibabel_finds(path):
    real = nibabel.load(path)
    if isinstance(real, nibabel.Nifti2Image | nibabel.Cifti2Image):
        with pytest.raises(ValidationError, match="NIfTI-2, which can't be read; save it as NIfTI-1"):
            read_header(path)
        return
    header = read_header(path)
    assert header.size == real.shape
    assert header.spacing_mm == pytest.approx(real.header.get_zooms())
    # NIfTI's axes point right and to the front, those of ITK left and to the back.
    flipped = np.diag([-1, -1, 1, 1]) @ real.affine
    rank = min(header.dimension, 3)
    assert header.origin_mm[:3] == pytest.approx(flipped[:3, 3], abs=1e-3)
    directions = np.array(header.direction).reshape(header.dimension, -1)[:rank, :rank] * header.spacing_mm[:rank]
    assert directions == pytest.approx(flipped[:3, :3], abs=1e-3)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("NDims", "1000", "NDims is 1000"),
        ("NDims", "0", "NDims is 0"),
        ("NDims", "-3", "NDims is -3"),
        ("NDims", "five", "NDims holds 'five', which is no whole number"),
        ("NDims", None, "lacks NDims"),
        ("DimSize", None, "lacks DimSize"),
        ("DimSize", "6 5", "DimSize has 2 values where 3 are needed"),
        ("DimSize", "6 5 0", "each axis needs at least 1"),
        ("DimSize", "6 5 -4", "each axis needs at least 1"),
        ("DimSize", "6 5 4.5", "no whole number"),
        ("DimSize", "6 5 5", "claims 300 bytes of voxels, but the file has only 240 bytes"),
        ("DimSize", "100000 100000 1000", "claims 18626.5 GiB of voxels; at most 64.0 GiB"),
        ("DimSize", "999999999999999999 999999999999999999 999999999999999999", "at most 64.0 GiB"),
        ("DimSize", "9" * 5000 + " 5 4", "no whole number"),
        ("ElementNumberOfChannels", "2000000000", "ElementNumberOfChannels is 2000000000"),
        ("ElementNumberOfChannels", "0", "ElementNumberOfChannels is 0"),
        ("ElementType", "MET_STRING", "ElementType is 'MET_STRING'"),
        ("ElementType", "MET_SHORT_ARRAY", "ElementType is 'MET_SHORT_ARRAY'"),
        ("ElementType", None, "ElementType is ''"),
        ("ElementSpacing", "0 1 1", "a spacing is above 0"),
        ("ElementSpacing", "-1 1 1", "a spacing is above 0"),
        ("ElementSpacing", "nan 1 1", "holds 'nan', which is no number"),
        ("ElementSpacing", "1 1", "has 2 values where 3 are needed"),
        ("Offset", "1 inf 1", "holds 'inf', which is no number"),
        ("TransformMatrix", "1 0 0 0 1 0 0 0", "has 8 values where 9 are needed"),
        ("TransformMatrix", "1 0 0 1 0 0 0 0 1", "two of its axes point the same way"),
        ("TransformMatrix", "0 0 0 0 0 0 0 0 0", "two of its axes point the same way"),
        ("Origin", "0 0 0", "both Offset and Origin"),
        ("HeaderSize", "-1", "HeaderSize"),
        ("BinaryData", "False", "as text"),
        ("ObjectType", "Tube", "is a Tube, not an Image"),
        ("Foo", "x" * 40_000, "endless line"),
        ("k" * 900, "1", "not 'key = value'"),
        ("ElementDataFile", None, "not 'key = value'|no ElementDataFile|endless line"),
        ("ElementDataFile", "LIST", "ElementDataFile must be LOCAL"),
        ("ElementDataFile", "/etc/passwd", "ElementDataFile must be LOCAL"),
        ("ElementDataFile", "slice%03d.raw 1 10 1", "ElementDataFile must be LOCAL"),
    ],
)
def test_a_lying_metaimage_header_is_refused(with_header_line, key, value, why):
    with pytest.raises(ValidationError, match=why):
        read_header(with_header_line(key, value))


def test_a_key_that_comes_twice_is_refused(write_image):
    path = write_image("image.mha")
    path.write_bytes(path.read_bytes().replace(b"NDims = 3\n", b"NDims = 3\nNDims = 3\n"))
    with pytest.raises(ValidationError, match="has NDims twice"):
        read_header(path)


@pytest.mark.parametrize(
    ("size", "why"),
    [
        (10**12, r"claims 1000000000000 bytes of compressed data, but the file has \d+ bytes"),
        (0, "lacks CompressedDataSize"),
        (None, "lacks CompressedDataSize"),
    ],
)
def test_a_wrong_length_of_compressed_data_is_refused(with_header_line, size, why):
    with pytest.raises(ValidationError, match=why):
        read_header(with_header_line("CompressedDataSize", None if size is None else str(size), compress=True))


def test_compressed_data_can_not_claim_more_than_they_can_expand_to(with_header_line):
    with pytest.raises(ValidationError, match="more than they can expand to"):
        read_header(with_header_line("DimSize", "1000 1000 100", compress=True))


@pytest.mark.parametrize("content", [b"", b"\0" * 1000, b"hello world\n" * 100, b"NDims = 3", b"= = =\n" * 10])
@pytest.mark.parametrize("name", ["a.mha", "a.mhd", "a.tif", "a.nii", "a.nii.gz", "a.nrrd", "a.png", "a.jpg"])
def test_what_is_no_image_is_refused_whatever_its_name(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValidationError):
        read_header(tmp_path / name)


def test_an_unknown_ending_is_refused_with_those_that_are_known(tmp_path):
    (tmp_path / "a.dat").write_bytes(b"")
    with pytest.raises(ValidationError, match=r"'a.dat' has no ending of an image format \(.mha, .mhd, .tif"):
        read_header(tmp_path / "a.dat")


def test_a_folder_is_not_an_image(tmp_path):
    (tmp_path / "a.mha").mkdir()
    with pytest.raises(ValidationError, match="is not a file"):
        read_header(tmp_path / "a.mha")


def test_an_image_above_the_callers_bound_is_refused(write_image):
    with pytest.raises(ValidationError, match="claims 240 bytes of voxels; at most 239 bytes are allowed"):
        read_header(write_image("a.mha"), max_bytes=239)


def test_one_dimension_is_not_an_image(with_header_line):
    path = with_header_line("NDims", "1")
    path.write_bytes(path.read_bytes().replace(b"DimSize = 6 5 4", b"DimSize = 120"))
    with pytest.raises(ValidationError, match="1 dimensions; it must have 2 to 4"):
        read_header(path)


def test_nothing_is_written_to_stderr_for_a_refused_image(write_image, capfd):
    for name in ("a.mha", "a.nii", "a.nii.gz", "a.nrrd", "a.tif"):
        path = write_image(name)
        path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(ValidationError):
            read_header(path)
            sitk.ReadImage(str(path))
            raise ValidationError("truncated gzip is found when the voxels are read")
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
