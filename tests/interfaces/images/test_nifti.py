"""NIfTI headers are held against their files before ITK reads them."""

from __future__ import annotations

import gzip
import struct

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interfaces.errors import ValidationError
from interfaces.images.header import read_header
from interfaces.images.reading import read_voxels

DIM, DATATYPE, BITPIX, PIXDIM, VOX_OFFSET, CODES, QUATERNION, MATRIX, MAGIC = 40, 70, 72, 76, 108, 252, 256, 280, 344


@pytest.fixture(params=["a.nii", "a.nii.gz"])
def patched(request, write_image):
    """A NIfTI file of which some bytes of the header are other ones."""

    def patch(at: int, new: bytes):
        path = write_image(request.param)
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        data = data[:at] + new + data[at + len(new) :]
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
        return path

    return patch


@pytest.mark.parametrize(
    ("at", "new", "why"),
    [
        (DIM, struct.pack("<h", 0), "claims 0 dimensions"),
        (DIM, struct.pack("<h", -1), "claims -1 dimensions"),
        (DIM, struct.pack("<h", 8), "claims 8 dimensions"),
        (DIM + 2, struct.pack("<h", 0), "each needs at least 1 voxel"),
        (DIM + 2, struct.pack("<h", -6), "each needs at least 1 voxel"),
        (DIM + 2, struct.pack("<3h", 32767, 32767, 32767), "at most 64.0 GiB"),
        (DIM + 2, struct.pack("<3h", 3000, 3000, 300), "bytes of voxels, but the file has only"),
        (DATATYPE, struct.pack("<h", 999), "voxels of type 999"),
        (BITPIX, struct.pack("<h", 8), "type 4 with 8 bits, which is none"),
        (DATATYPE, struct.pack("<2h", 1536, 128), "voxels of type 1536"),
        (VOX_OFFSET, struct.pack("<f", -5), "voxels begin at byte -5"),
        (VOX_OFFSET, struct.pack("<f", float("nan")), "voxels begin at byte -1"),
        (VOX_OFFSET, struct.pack("<f", 1e30), "voxels begin at byte 1"),
        (PIXDIM + 4, struct.pack("<f", 0), r"spacing \(pixdim\) is 0.0; each must be above 0"),
        (PIXDIM + 4, struct.pack("<f", -0.7), "each must be above 0"),
        (PIXDIM + 4, struct.pack("<f", float("nan")), r"spacing \(pixdim\) is nan; each must be above 0"),
        (PIXDIM + 4, struct.pack("<f", float("inf")), "each must be above 0"),
        (PIXDIM + 4, struct.pack("<f", 1.4), "places the image in two ways"),
        (QUATERNION, struct.pack("<f", float("nan")), "qform is not finite"),
        (MATRIX, struct.pack("<f", float("nan")), "sform is not finite"),
        (MATRIX, struct.pack("<12f", *[0] * 12), "places the image in two ways"),
        (MATRIX + 4, struct.pack("<f", 0.5), "places the image in two ways: its sform .* or has a shear"),
        (MATRIX + 12, struct.pack("<f", float("inf")), "sform is not finite"),
        (MAGIC, b"ni1\0", "does not end in 'n\\+1'"),
        (MAGIC, b"\0\0\0\0", "does not end in 'n\\+1'"),
        (0, struct.pack("<i", 540), "NIfTI-2, which can't be read"),
        (0, struct.pack("<i", 7), "no NIfTI-1 image in a single file"),
    ],
)
def test_a_lying_header_is_refused(patched, at, new, why):
    with pytest.raises(ValidationError, match=why):
        read_header(patched(at, new))


@pytest.mark.parametrize("codes", [(1, 2), (0, 1), (2, 4)])
def test_a_matrix_that_itk_would_pass_over_is_not_lost(patched, codes):
    turned = struct.pack("<12f", 0, 1.6, 0, 5, 1.4, 0, 0, 6, 0, 0, 5, 7)
    with pytest.raises(ValidationError, match="set both to the right one"):
        read_header(patched(CODES, struct.pack("<2h6f", *codes, *[0] * 6) + turned))


def test_the_spacing_of_an_axis_with_one_voxel_does_not_matter(tmp_path):
    image = nibabel.Nifti1Image(np.zeros((6, 5, 1), np.int16), np.diag([0.5, 0.5, 1, 1]))
    nibabel.save(image, tmp_path / "a.nii")
    data = bytearray((tmp_path / "a.nii").read_bytes())
    data[PIXDIM + 12 : PIXDIM + 16] = bytes(4)
    (tmp_path / "a.nii").write_bytes(data)
    assert read_header(tmp_path / "a.nii").size == (6, 5, 1)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8"])
def test_numbers_that_are_not_finite_are_kept(tmp_path, name, dtype):
    values = np.arange(120, dtype=dtype).reshape(6, 5, 4)
    values[1, 2, 3], values[0, 0, 0], values[5, 4, 3] = np.nan, np.inf, -np.inf
    header = nibabel.Nifti1Header(endianness=dtype[0])
    header.set_data_dtype(dtype)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4), header), tmp_path / name)
    image = read_voxels(tmp_path / name)
    assert np.array_equal(sitk.GetArrayFromImage(image).T, values, equal_nan=True)
    assert image.GetDirection() == (-1, 0, 0, 0, -1, 0, 0, 0, 1)


def test_a_file_that_is_not_gzipped_is_refused_under_the_gzip_ending(write_image, tmp_path):
    with pytest.raises(ValidationError, match="not compressed with gzip"):
        read_header(write_image("a.nii").rename(tmp_path / "b.nii.gz"))


def test_a_gzipped_file_is_refused_under_the_plain_ending(write_image, tmp_path):
    with pytest.raises(ValidationError, match="no NIfTI-1 image"):
        read_header(write_image("a.nii.gz").rename(tmp_path / "b.nii"))


def test_several_gzip_members_are_one_file(write_image):
    path = write_image("a.nii.gz")
    data = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(data[:400]) + gzip.compress(data[400:]))
    assert sitk.GetArrayFromImage(read_voxels(path)).ravel().tolist() == list(range(120))


def test_big_endian_files_are_read(tmp_path):
    values = np.arange(120, dtype=">i2").reshape(6, 5, 4)
    image = nibabel.Nifti1Image(values, np.eye(4), nibabel.Nifti1Header(endianness=">"), dtype=np.int16)
    nibabel.save(image, tmp_path / "a.nii")
    assert np.array_equal(sitk.GetArrayFromImage(read_voxels(tmp_path / "a.nii")).T, values)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 351), st.binary(min_size=1, max_size=8)), min_size=1, max_size=3))
def test_no_header_however_odd_crashes(write_image, changes):
    path = write_image("a.nii")
    data = bytearray(path.read_bytes())
    for at, new in changes:
        data[at : at + len(new)] = new
    path.write_bytes(data)
    try:
        read_voxels(path)
    except ValidationError:
        return
