"""A person's image becomes one MHA or TIFF file, and nothing of it is lost."""

from __future__ import annotations

from pathlib import Path

import nibabel
import nilearn
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.data import get_testdata_file

from interfaces.errors import ValidationError
from interfaces.images.header import read_header
from interfaces.images.importing import import_image
from interfaces.images.metaimage import metaimage_layout
from interfaces.images.reading import read_voxels

OBLIQUE = (0.8, 0.6, 0.0, -0.6, 0.8, 0.0, 0.0, 0.0, 1.0)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def imported(source: Path, into: Path) -> Path:
    return import_image(source, into).path


@pytest.mark.parametrize("name", ["a.mha", "a.tif", "a.tiff"])
@pytest.mark.parametrize("compress", [False, True])
def test_an_mha_or_tiff_is_kept_byte_for_byte(write_image, into, name, compress):
    source = write_image(name, compress=compress)
    target = imported(source, into)
    assert target == into / name
    assert target.read_bytes() == source.read_bytes()


@pytest.mark.parametrize("name", ["a.mhd", "a.nii", "a.nii.gz", "a.nrrd"])
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "f4", "f8"])
def test_another_format_becomes_an_mha_with_the_same_voxels_and_geometry(write_image, into, name, compress, dtype):
    values = np.random.default_rng(0).integers(0, 99, (4, 5, 6)).astype(dtype)
    source = write_image(name, values, compress=compress, direction=OBLIQUE)
    before = read_header(source)
    target = imported(source, into)
    assert target == into / "a.mha"
    assert read_header(target) == before
    assert np.array_equal(sitk.GetArrayFromImage(read_voxels(target)), values)
    is_compressed = name == "a.nii.gz" or (compress and name != "a.nii")
    assert (metaimage_layout(target).compressed_bytes is not None) == is_compressed


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("a.png", np.arange(30, dtype=np.uint8).reshape(5, 6)),
        ("a.png", np.arange(30, dtype=np.uint16).reshape(5, 6) * 1000),
        ("a.jpg", np.full((5, 6), 77, np.uint8)),
        ("a.jpeg", np.full((5, 6), 77, np.uint8)),
    ],
)
def test_a_picture_becomes_an_mha_of_two_dimensions(write_image, into, name, values):
    target = imported(write_image(name, values), into)
    assert np.array_equal(sitk.GetArrayFromImage(read_voxels(target)), values)


@pytest.mark.parametrize("name", ["a.png", "a.nrrd"])
def test_colours_are_kept(write_image, into, name):
    values = np.random.default_rng(0).integers(0, 255, (5, 6, 3)).astype(np.uint8)
    image = read_voxels(imported(write_image(name, values, vector=True), into))
    assert np.array_equal(sitk.GetArrayFromImage(image), values)
    assert image.GetNumberOfComponentsPerPixel() == 3


def test_the_four_dimensions_of_a_real_nifti_are_kept(into):
    source = Path(nibabel.__file__).parent / "tests/data/example4d.nii.gz"
    target = imported(source, into)
    assert target.name == "example4d.mha"
    assert read_header(target) == read_header(source)
    assert np.array_equal(sitk.GetArrayFromImage(read_voxels(target)).T, np.asarray(nibabel.load(source).dataobj))


def test_the_brain_that_nilearn_carries_is_kept(into):
    source = Path(nilearn.__file__).parent / "datasets/data/mni_icbm152_gm_tal_nlin_sym_09a_converted.nii.gz"
    target = imported(source, into)
    assert read_header(target) == read_header(source)
    assert np.array_equal(sitk.GetArrayFromImage(read_voxels(target)).T, np.asarray(nibabel.load(source).dataobj))


def test_an_upper_case_ending_is_stored_in_lower_case(write_image, into, tmp_path):
    source = write_image("scan.mha").rename(tmp_path / "SCAN.MHA")
    assert imported(source, into).name == "SCAN.mha"


def test_a_dicom_series_becomes_a_volume_in_the_patient(write_series, into):
    image = read_voxels(imported(write_series(), into))
    assert image.GetSize() == (128, 128, 4)
    assert image.GetSpacing() == pytest.approx((0.661468, 0.661468, 2.5))
    assert image.GetOrigin() == pytest.approx((-158.0, -179.0, -75.5))
    assert image.GetDirection() == (1, 0, 0, 0, 1, 0, 0, 0, 1)
    # The CT's intercept is -1024.
    assert sitk.GetArrayFromImage(image)[:, 0, 0].tolist() == [-24, -23, -22, -21]


def test_a_sagittal_series_has_its_own_axes(write_series, into):
    def sagittal(number, dataset):
        dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        dataset.ImagePositionPatient = [10.0 - 3 * number, 5, 7]

    image = read_voxels(imported(write_series(change=sagittal), into))
    assert image.GetDirection() == (0, 0, -1, 1, 0, 0, 0, -1, 0)
    assert image.GetOrigin() == (10, 5, 7)
    for number in range(4):
        assert image.TransformIndexToPhysicalPoint((0, 0, number)) == pytest.approx((10.0 - 3 * number, 5, 7))


def test_slices_with_rescales_of_their_own_share_a_type_that_holds_all(write_series, into):
    def rescale(number, dataset):
        dataset.RescaleSlope, dataset.RescaleIntercept = ("1", "0") if number == 0 else ("0.5", "0")

    image = read_voxels(imported(write_series(change=rescale), into))
    assert sitk.GetArrayFromImage(image)[:, 0, 0].tolist() == [1000, 500.5, 501, 501.5]


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "rtdose.dcm"]
)
def test_real_dicom_files_have_the_pixels_that_pydicom_finds(into, name):
    source = Path(str(get_testdata_file(name, download=False)))
    image = read_voxels(imported(source, into))
    dataset = pydicom.dcmread(source)
    stored = dataset.pixel_array * int(dataset.get("RescaleSlope", 1)) + int(dataset.get("RescaleIntercept", 0))
    assert np.array_equal(np.squeeze(sitk.GetArrayFromImage(image)), stored)
    assert image.GetSpacing()[:2] == pytest.approx([float(x) for x in dataset.PixelSpacing][::-1])
    assert image.GetOrigin() == pytest.approx([float(x) for x in dataset.ImagePositionPatient])


def test_a_series_without_positions_is_not_a_volume(write_series, into):
    def strip(number, dataset):
        del dataset.ImagePositionPatient, dataset.ImageOrientationPatient

    with pytest.raises(ValidationError, match="no positions in the patient, so it is not a volume; give one file"):
        import_image(write_series(change=strip), into)


def test_a_folder_with_one_image_is_that_image(write_image, tmp_path, into):
    folder = tmp_path / "case 1"
    folder.mkdir()
    for name in ("a.mhd", "a.raw"):
        write_image("a.mhd")
        (tmp_path / name).rename(folder / name)
    (folder / ".DS_Store").write_bytes(b"junk")
    assert read_voxels(imported(folder, into)).GetSize() == (6, 5, 4)


def test_a_folder_names_every_file_that_can_not_be_used(write_image, write_series, into):
    folder = write_series()
    bad = write_image("bad.mha").rename(folder / "bad.mha")
    bad.write_bytes(bad.read_bytes()[:-7])
    (folder / "report.docx").write_text("text")
    with pytest.raises(ValidationError) as caught:
        import_image(folder, into)
    text = str(caught.value)
    assert text.startswith("2 of 6 files can't be used: 'bad.mha': The header claims 240 bytes of voxels")
    assert "'report.docx': is in no known format; known are DICOM, .mha" in text
    assert list(into.iterdir()) == []


def test_a_folder_with_two_images_is_refused(write_image, tmp_path, into):
    folder = tmp_path / "two"
    folder.mkdir()
    for name in ("a.mha", "b.nii.gz"):
        write_image(name).rename(folder / name)
    with pytest.raises(ValidationError, match="The folder 'two' has 2 images; give one of them"):
        import_image(folder, into)


def test_a_folder_with_dicom_files_and_an_image_is_refused(write_image, write_series, into):
    folder = write_series()
    write_image("a.mha").rename(folder / "a.mha")
    with pytest.raises(ValidationError, match=r"has DICOM files and 'a\.mha'; give one image"):
        import_image(folder, into)


@pytest.mark.parametrize("name", ["scan", "scan.dat", "scan.img"])
def test_a_file_in_no_known_format_is_refused(tmp_path, into, name):
    (tmp_path / name).write_bytes(b"\0" * 500)
    with pytest.raises(ValidationError, match=f"'{name}' is in no known format; known are DICOM, .mha, .mhd"):
        import_image(tmp_path / name, into)


def test_an_nrrd_with_voxels_elsewhere_is_refused(write_image, into):
    source = write_image("a.nrrd")
    source.write_bytes(source.read_bytes().replace(b"encoding: raw", b"encoding: raw\ndata file: /etc/passwd"))
    with pytest.raises(ValidationError, match="names another file for its voxels"):
        import_image(source, into)


def test_complex_voxels_are_refused(tmp_path, into):
    image = sitk.Cast(sitk.Image([6, 5, 4], sitk.sitkFloat32), sitk.sitkComplexFloat32)
    sitk.WriteImage(image, str(tmp_path / "a.nii"))
    with pytest.raises(ValidationError, match="complex voxels, which can't be stored"):
        import_image(tmp_path / "a.nii", into)


def test_the_voxels_of_a_file_that_is_kept_are_not_read(write_image, into):
    assert import_image(write_image("a.mha"), into).voxels is None
    assert import_image(write_image("b.nii"), into).voxels.GetSize() == (6, 5, 4)


def test_a_folder_with_the_longest_name_gives_a_file_with_one_that_is_no_longer(write_series, into):
    target = imported(write_series("é" * 127), into)
    assert target.name == "é" * 125 + ".mha"
