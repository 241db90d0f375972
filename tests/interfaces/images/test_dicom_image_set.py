"""A DICOM image set keeps its files byte for byte, under names that can't leave the folder."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import SecondaryCaptureImageStorage

from interfaces.errors import ValidationError
from interfaces.images import dicom_image_set, folders
from interfaces.images.dicom_image_set import check_dicom_image_set, import_dicom_image_set


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def test_each_file_is_kept_under_the_name_of_its_sop_instance(write_series, into):
    source = write_series()
    assert import_dicom_image_set(source, into) == into
    originals = {path.read_bytes() for path in source.iterdir()}
    assert {path.read_bytes() for path in into.iterdir()} == originals
    assert all(path.name == f"{pydicom.dcmread(path).SOPInstanceUID}.dcm" for path in into.iterdir())
    assert len(check_dicom_image_set(into).slices) == 4


def test_a_single_file_is_a_set_of_one(write_series, into):
    import_dicom_image_set(next(write_series().iterdir()), into)
    assert len(check_dicom_image_set(into).slices) == 1


@pytest.mark.parametrize("name", ["JPEG2000.dcm", "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_rle_2frame.dcm"])
def test_real_compressed_files_are_kept_as_they_are(into, name):
    source = Path(str(get_testdata_file(name, download=False)))
    import_dicom_image_set(source, into)
    assert [path.read_bytes() for path in into.iterdir()] == [source.read_bytes()]


def test_every_file_that_can_not_be_used_is_named_with_its_reason(write_series, into):
    source = write_series()
    (source / "notes.txt").write_text("hello")
    (source / "sub").mkdir()
    (source / "sub" / "plan.dcm").write_bytes(Path(str(get_testdata_file("rtplan.dcm", download=False))).read_bytes())
    with pytest.raises(ValidationError) as caught:
        import_dicom_image_set(source, into)
    text = str(caught.value)
    assert text.startswith("2 of 6 files can't be used: ")
    assert "'notes.txt': is no readable DICOM file" in text
    assert "'sub/plan.dcm': is a DICOM file without an image" in text
    assert list(into.iterdir()) == []


def test_pixels_that_end_early_are_refused(write_series, into):
    source = write_series()
    path = sorted(source.iterdir())[1]
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(ValidationError, match=f"'{path.name}': The header claims 32768 bytes of voxels, but the file"):
        import_dicom_image_set(source, into)


def test_compressed_pixels_that_end_early_are_refused(into):
    source = Path(str(get_testdata_file("MR_small_RLE.dcm", download=False)))
    uid = pydicom.dcmread(source).SOPInstanceUID
    (into / f"{uid}.dcm").write_bytes(source.read_bytes()[:-3000])
    with pytest.raises(ValidationError, match=rf"'{uid}\.dcm' is a DICOM file whose compressed pixels end early"):
        check_dicom_image_set(into)


def test_compressed_pixels_that_are_broken_are_refused(into):
    source = Path(str(get_testdata_file("MR_small_jpeg_ls_lossless.dcm", download=False)))
    uid = pydicom.dcmread(source).SOPInstanceUID
    data = source.read_bytes()
    (into / f"{uid}.dcm").write_bytes(data[:-4000] + bytes(3000) + data[-1000:])
    with pytest.raises(ValidationError, match=rf"The DICOM file '{uid}\.dcm' can't be decoded"):
        check_dicom_image_set(into)


@pytest.mark.parametrize(
    ("keyword", "what"),
    [
        ("ImagePositionPatient", "position"),
        ("ImageOrientationPatient", "orientation"),
        ("PixelSpacing", "pixel spacing"),
    ],
)
def test_a_ct_without_its_place_in_the_patient_is_refused(write_series, into, keyword, what):
    source = write_series(change=lambda number, dataset: delattr(dataset, keyword) if number != 2 else None)
    with pytest.raises(
        ValidationError, match=rf"^3 of 4 files .* is a DICOM file without {what}, which its class needs"
    ):
        import_dicom_image_set(source, into)
    assert list(into.iterdir()) == []


def test_pictures_that_have_no_place_in_the_patient_are_ordered_by_their_numbers(write_series, into):
    def photograph(number, dataset):
        dataset.SOPClassUID = SecondaryCaptureImageStorage
        dataset.InstanceNumber = 9 - number
        del dataset.ImagePositionPatient, dataset.ImageOrientationPatient, dataset.PixelSpacing

    import_dicom_image_set(write_series(change=photograph), into)
    assert [one.number for one in check_dicom_image_set(into).slices] == [6, 7, 8, 9]


def test_more_files_than_a_set_may_have_are_refused(write_series, into, monkeypatch):
    monkeypatch.setattr(dicom_image_set, "MAX_INSTANCES", 3)
    with pytest.raises(ValidationError, match="The DICOM series has 4 files; at most 3 are allowed"):
        import_dicom_image_set(write_series(), into)


def test_a_folder_that_never_ends_is_not_walked_to_its_end(tmp_path, into, monkeypatch):
    monkeypatch.setattr(folders, "MAX_FILES", 10)
    for number in range(12):
        (tmp_path / f"{number}.dcm").touch()
    with pytest.raises(ValidationError, match="has more than 10 files"):
        import_dicom_image_set(tmp_path, into)


def test_what_systems_leave_in_folders_is_left_out(write_series, into):
    source = write_series()
    for name in ("DICOMDIR", "Thumbs.db", ".DS_Store", "desktop.ini"):
        (source / name).write_bytes(b"junk")
    import_dicom_image_set(source, into)
    assert len(list(into.iterdir())) == 4


def test_a_file_with_another_name_than_its_instance_is_refused(write_series):
    with pytest.raises(ValidationError, match="is not named after its SOP instance"):
        check_dicom_image_set(write_series())


def test_an_image_file_is_not_a_dicom_image_set(write_image):
    with pytest.raises(ValidationError, match=r"A DICOM image set is a folder of .dcm files, not a single file"):
        check_dicom_image_set(write_image("a.mha"))


def test_an_empty_folder_is_refused(into):
    with pytest.raises(ValidationError, match="There is no DICOM image"):
        check_dicom_image_set(into)
    with pytest.raises(ValidationError, match="is empty"):
        import_dicom_image_set(into, into)
