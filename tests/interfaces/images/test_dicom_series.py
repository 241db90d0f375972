"""DICOM series: in order, of one geometry, or a sentence that says why not."""

from __future__ import annotations

import pytest
from pydicom.uid import generate_uid

from interfaces.errors import ValidationError
from interfaces.images.dicom import read_slice
from interfaces.images.dicom_series import DicomSeries, ordered_series


def series_in(folder) -> DicomSeries:
    return ordered_series([read_slice(path) for path in folder.iterdir()])


@pytest.mark.parametrize("depths", [(0.0, 2.5, 5.0, 7.5), (7.5, 0.0, 5.0, 2.5), (-3.0, -2.0)])
def test_slices_are_ordered_along_their_normal(write_series, depths):
    series = series_in(write_series(depths_mm=depths))
    assert [one.position_mm[2] for one in series.slices] == sorted(-75.5 + depth for depth in depths)
    assert series.spacing_mm == pytest.approx(sorted(depths)[1] - sorted(depths)[0])


def test_the_normal_decides_and_not_the_z_axis(write_series):
    def sagittal(number, dataset):
        dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        dataset.ImagePositionPatient = [10.0 - 3 * number, 0, 0]

    series = series_in(write_series(change=sagittal))
    assert [one.position_mm[0] for one in series.slices] == [10.0, 7.0, 4.0, 1.0]


def test_without_positions_the_instance_number_orders(write_series):
    def strip(number, dataset):
        del dataset.ImagePositionPatient, dataset.ImageOrientationPatient
        dataset.InstanceNumber = 10 - number

    series = series_in(write_series(change=strip))
    assert [one.number for one in series.slices] == [7, 8, 9, 10]
    assert series.spacing_mm is None


def _same_number(number, dataset):
    del dataset.ImagePositionPatient, dataset.ImageOrientationPatient
    dataset.InstanceNumber = 1


def _another_series(number, dataset):
    dataset.SeriesInstanceUID = generate_uid() if number == 2 else dataset.SeriesInstanceUID


def _tilted(number, dataset):
    dataset.ImagePositionPatient = [0, number * 0.5, number * 2.5]


def _frames(number, dataset):
    dataset.Rows, dataset.NumberOfFrames = 32, 4


def _set(at: int, **values):
    def change(number, dataset):
        if number == at:
            for key, value in values.items():
                setattr(dataset, key, value)

    return change


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_another_series, r"There are 2 DICOM series, but one is needed: .* \(CT.*, \d files\)"),
        (lambda _, dataset: setattr(dataset, "SOPInstanceUID", "1.2.3"), "has the SOP instance of 'IM.*' twice"),
        (_set(2, PixelSpacing=[1, 1]), "has another pixel spacing than"),
        (_set(2, ImageOrientationPatient=[1, 0, 0, 0, 0.9, 0.4359]), "has another orientation than"),
        (_set(2, Rows=64, Columns=256), "has another size than"),
        (_set(2, ImagePositionPatient=[-158, -179, -75.5]), "has two slices at the same place: 'IM"),
        (_set(2, ImagePositionPatient=[-158, -179, 40]), "misses slices or is not evenly spaced"),
        (_set(2, ImagePositionPatient=None), "has no position"),
        (_tilted, "tilted gantry"),
        (_same_number, "can't be ordered"),
        (_frames, "several frames each; give one file"),
    ],
)
def test_what_is_not_one_volume_is_refused(write_series, change, why):
    with pytest.raises(ValidationError, match=why):
        series_in(write_series(change=change))


def test_a_missing_slice_is_named_by_its_neighbours(write_series):
    folder = write_series(depths_mm=(0, 2.5, 5.0, 10.0, 12.5))
    with pytest.raises(ValidationError, match=r"'IM72' and 'IM43' are 5.000 mm apart, most others 2.500 mm"):
        series_in(folder)


def test_positions_that_were_rounded_still_make_a_volume(write_series):
    assert series_in(write_series(depths_mm=(0, 0.63, 1.25, 1.88, 2.5))).spacing_mm == pytest.approx(0.625)
