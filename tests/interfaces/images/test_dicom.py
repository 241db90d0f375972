"""A DICOM file says what it is before its pixels are read, and is not believed."""

from __future__ import annotations

import zlib
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from interfaces.errors import ValidationError
from interfaces.images import dicom_pixels
from interfaces.images.dicom import is_dicom, read_slice
from interfaces.images.dicom_voxels import read_dicom


def real(name: str) -> Path:
    return Path(str(get_testdata_file(name, download=False)))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("rtplan.dcm", "without an image"),
        ("test-SR.dcm", "without an image"),
        ("no_meta.dcm", "is no readable DICOM file"),
        ("test1.json", "is no readable DICOM file"),
    ],
)
def test_real_files_without_an_image_are_refused(name, why):
    with pytest.raises(ValidationError, match=why):
        read_slice(real(name))


@pytest.mark.parametrize("uid", ["../../evil", "", "1.2/3", "a" * 10, "1" * 65])
def test_an_identifier_that_is_none_is_refused(write_series, uid):
    with pydicom.config.disable_value_validation():
        folder = write_series(depths_mm=(0,), change=lambda _, dataset: setattr(dataset, "SOPInstanceUID", uid))
    with pytest.raises(ValidationError, match="without a valid SOP instance UID"):
        read_slice(next(folder.iterdir()))


def test_a_dicom_file_is_told_by_its_beginning(write_series, write_image):
    assert is_dicom(next(write_series().iterdir()))
    assert not is_dicom(write_image("a.mha"))


def changed(source: Path, target: Path, **values: object) -> Path:
    """A copy of a DICOM file that says something else of itself; its pixels stay."""
    dataset = pydicom.dcmread(source)
    with pydicom.config.disable_value_validation():
        for keyword, value in values.items():
            setattr(dataset, keyword, value)
        dataset.save_as(target)
    return target


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"Rows": 0}, "without an image"),
        ({"NumberOfFrames": -1}, "without an image"),
        ({"NumberOfFrames": "1e300"}, "GiB of voxels; at most"),
        ({"Rows": 129}, "claims 33024 bytes of voxels, but the file has only"),
        ({"Rows": 65535, "Columns": 65535}, "claims 8589672450 bytes|claims 8.0 GiB"),
        ({"Rows": 65535, "Columns": 65535, "NumberOfFrames": 2**31 - 1}, "GiB of voxels; at most"),
        ({"BitsAllocated": 65535}, "1 samples of 65535 bits per pixel"),
        ({"SamplesPerPixel": 60000}, "60000 samples of 16 bits"),
        ({"PixelSpacing": [0, 1]}, r"a pixel spacing of \(0.0, 1.0\); each must be above 0"),
        ({"PixelSpacing": [-1, 1]}, "each must be above 0"),
        ({"PixelSpacing": ["nan", 1]}, "PixelSpacing is not 2 finite numbers"),
        ({"PixelSpacing": [1, 1, 1]}, "PixelSpacing is not 2 finite numbers"),
        ({"ImagePositionPatient": [1, "inf", 1]}, "ImagePositionPatient is not 3 finite numbers"),
        ({"ImageOrientationPatient": [0, 0, 0, 0, 0, 0]}, "rows and columns are not at right angles"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "rows and columns are not at right angles"),
        ({"ImageOrientationPatient": [5, 0, 0, 0, 1, 0]}, "rows and columns are not at right angles"),
    ],
)
def test_a_lying_header_is_refused(tmp_path, values, why):
    with pytest.raises(ValidationError, match=why):
        read_slice(changed(real("CT_small.dcm"), tmp_path / "a.dcm", **values))


def test_compressed_pixels_can_not_claim_what_no_codec_packs(tmp_path):
    path = changed(real("JPEG2000.dcm"), tmp_path / "a.dcm", Rows=40_000, Columns=40_000)
    with pytest.raises(ValidationError, match="more than they can expand to"):
        read_slice(path)


@pytest.mark.parametrize("name", ["image_dfl.dcm", "SC_ybr_full_422_uncompressed.dcm", "liver_1frame.dcm"])
def test_real_files_of_uncommon_forms_are_read(name):
    assert read_slice(real(name)).pixel_bytes > 0


def test_a_deflated_file_that_expands_without_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(dicom_pixels, "MAX_DEFLATED_BYTES", 2**24)
    head = real("image_dfl.dcm").read_bytes()
    start = 144 + pydicom.filereader.read_file_meta_info(real("image_dfl.dcm")).FileMetaInformationGroupLength
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    (tmp_path / "a.dcm").write_bytes(head[:start] + deflate.compress(bytes(2**26)) + deflate.flush())
    with pytest.raises(ValidationError, match=r"expands to more than 16\.0 MiB"):
        read_slice(tmp_path / "a.dcm")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["CT_small.dcm", "image_dfl.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm"]),
    changes=st.lists(st.tuples(st.integers(128, 2_500), st.binary(min_size=1, max_size=6)), min_size=1, max_size=5),
    length=st.integers(100, 40_000),
)
def test_no_file_however_odd_crashes(tmp_path, name, changes, length):
    data = bytearray(real(name).read_bytes())
    for at, new in changes:
        data[at : at + len(new)] = new
    path = tmp_path / "a.dcm"
    path.write_bytes(data[:length])
    try:
        read_dicom(read_slice(path).path)
    except ValidationError:
        return
