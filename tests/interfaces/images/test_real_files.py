"""The real files that pydicom and nibabel carry: imported with nothing lost, or refused with the reason."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pydicom.data
import pytest
import SimpleITK as sitk

from interfaces.errors import ValidationError
from interfaces.images.dicom_image_set import check_dicom_image_set, import_dicom_image_set
from interfaces.images.importing import import_image

NIBABEL = Path(nibabel.__file__).parent
PYDICOM = Path(pydicom.data.__file__).parent / "test_files"
STUDIES = PYDICOM / "dicomdirtests"

NIFTI = sorted(
    path
    for path in NIBABEL.glob("tests/data/*.nii*")
    if isinstance(nibabel.load(path), nibabel.Nifti1Image) and not isinstance(nibabel.load(path), nibabel.Nifti2Image)
)

NO_IMAGE = "is a DICOM file without an image"
REFUSED = {
    "ExplVR_BigEndNoMeta.dcm": "is in no known format",
    "ExplVR_LitEndNoMeta.dcm": "is in no known format",
    "JPEG2000-embedded-sequence-delimiter.dcm": "can't be decoded",
    "JPEGLSNearLossless_08.dcm": "without a valid series instance UID",
    "JPEGLSNearLossless_16.dcm": "without a valid series instance UID",
    "MR_truncated.dcm": "claims 8192 bytes of voxels, but the file has only 8142 bytes",
    "SC_rgb_jpeg.dcm": "whose compressed pixels are not in fragments",
    "SC_rgb_jls_lossy_line.dcm": "without a valid series instance UID",
    "SC_rgb_jls_lossy_sample.dcm": "without a valid series instance UID",
    "badVR.dcm": "is no readable DICOM file: invalid literal",
    "csa_slice_norm.dcm": "claims 294912 bytes of voxels, but the file has only 0 bytes",
    "decimal_rescale.dcm": "without a valid SOP instance UID",
    "no_meta.dcm": "is in no known format",
    "rtdose_1frame.dcm": "can't be decoded",
    "rtdose_expb.dcm": "a big-endian DICOM file with more than 16 bits a pixel",
    "rtdose_expb_1frame.dcm": "a big-endian DICOM file with more than 16 bits a pixel",
    "rtdose_rle_1frame.dcm": "can't be decoded",
    "rtstruct.dcm": "is in no known format",
}
REFUSED |= dict.fromkeys(
    (
        "UN_sequence.dcm",
        "empty_charset_LEI.dcm",
        "meta_missing_tsyntax.dcm",
        "nested_priv_SQ.dcm",
        "no_meta_group_length.dcm",
        "priv_SQ.dcm",
        "reportsi.dcm",
        "reportsi_with_empty_number_tags.dcm",
        "rtplan.dcm",
        "rtplan_truncated.dcm",
        "test-SR.dcm",
        "waveform_ecg.dcm",
    ),
    NO_IMAGE,
)
DICOM = sorted([*PYDICOM.glob("*.dcm"), *NIBABEL.glob("nicom/tests/data/*.dcm")])


def corners_mm(image: sitk.Image) -> np.ndarray:
    """Where the first voxel and its neighbours along each axis are in the patient."""
    return np.array([image.TransformIndexToPhysicalPoint(index) for index in np.eye(4, 3, k=-1, dtype=int).tolist()])


@pytest.mark.parametrize("source", NIFTI, ids=lambda path: path.name)
def test_a_nifti_of_nibabel_keeps_its_voxels_and_its_place(source, tmp_path):
    real = nibabel.load(source)
    image = sitk.ReadImage(import_image(source, tmp_path).path)
    voxels = sitk.GetArrayFromImage(image).T
    assert np.allclose(voxels, np.asarray(real.dataobj), rtol=1e-5, equal_nan=True)
    volume = image if image.GetDimension() == 3 else image[:, :, :, 0]
    expected = real.affine @ np.array([[0, 0, 0, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1]]).T
    # nibabel's patient looks the other way along x and y.
    assert np.allclose(corners_mm(volume), expected[:3].T * (-1, -1, 1), atol=1e-3)


@pytest.mark.parametrize("source", DICOM, ids=lambda path: path.name)
def test_a_dicom_file_keeps_its_pixels_and_its_place_or_is_refused(source, tmp_path):
    if source.name in REFUSED:
        with pytest.raises(ValidationError, match=REFUSED[source.name]):
            import_image(source, tmp_path)
        return
    image = sitk.ReadImage(import_image(source, tmp_path).path)
    dataset = pydicom.dcmread(source)
    assert image.GetSize()[:2] == (dataset.Columns, dataset.Rows)
    if "ImagePositionPatient" in dataset:
        row, column = np.array(dataset.ImageOrientationPatient, float).reshape(2, 3)
        down, across = map(float, dataset.PixelSpacing)
        first = np.array(dataset.ImagePositionPatient, float)
        expected = [first, first + across * row, first + down * column]
        assert np.allclose(corners_mm(image)[:3], expected, atol=1e-3)
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_compressed and dataset.get("SamplesPerPixel") == 1 and dataset.get("BitsAllocated") != 1:
        rescaled = dataset.pixel_array * float(dataset.get("RescaleSlope", 1)) + float(
            dataset.get("RescaleIntercept", 0)
        )
        if dataset.PhotometricInterpretation != "PALETTE COLOR":
            assert np.allclose(np.squeeze(sitk.GetArrayFromImage(image)), np.squeeze(rescaled))


def test_the_frames_of_a_dose_are_as_far_apart_as_it_says(tmp_path):
    image = sitk.ReadImage(import_image(PYDICOM / "rtdose.dcm", tmp_path).path)
    offsets = pydicom.dcmread(PYDICOM / "rtdose.dcm").GridFrameOffsetVector
    assert image.GetSize() == (10, 10, len(offsets))
    assert image.GetSpacing()[2] == pytest.approx(float(offsets[1]) - float(offsets[0]))


def test_a_real_series_is_stacked_and_kept(tmp_path):
    source = STUDIES / "98892001/CT5N"
    volume = sitk.ReadImage(import_image(source, tmp_path).path)
    places = {tuple(map(float, pydicom.dcmread(path).ImagePositionPatient)) for path in source.iterdir()}
    assert volume.GetSize()[2] == len(places) == 5
    for number in range(5):
        place = volume.TransformIndexToPhysicalPoint((0, 0, number))
        assert min(np.linalg.norm(np.subtract(place, one)) for one in places) < 1e-3
    into = tmp_path / "set"
    into.mkdir()
    assert len(check_dicom_image_set(import_dicom_image_set(source, into)).slices) == 5
    assert {path.read_bytes() for path in into.iterdir()} == {path.read_bytes() for path in source.iterdir()}


@pytest.mark.parametrize("import_it", [import_image, import_dicom_image_set])
@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("77654033/CT2", "'17106' and '17136' are 202.500 mm apart, most others 1.250 mm"),
        ("98892001/CT2N", "has another orientation than"),
        ("98892003/MR1", "There are 3 DICOM series, but one is needed: .*MR FAST LOCALIZER, 1 files"),
        ("98892003/MR700", "has another orientation than"),
        ("TINY_ALPHA/PT000000/ST000000/SE000000", f"50 of 50 files can't be used: 'IM000000': {NO_IMAGE}; 'IM000001'"),
    ],
)
def test_real_folders_that_are_not_one_volume_are_refused(folder, why, import_it, tmp_path):
    with pytest.raises(ValidationError, match=why):
        import_it(STUDIES / folder, tmp_path)
    assert list(tmp_path.iterdir()) == []
