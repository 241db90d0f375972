"""Images: the same patient gives the same picture, however the voxels are stored."""

from __future__ import annotations

import numpy as np
import pytest
from turns import TURNS

from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.overlays import LookUpTable
from interfaces.previews.making import preview

MIDDLE = (0.0, 0.0, 0.0)
BAR_PX = 14 + 50 + 12  # the colours of a heat map, the room for their number, and the gap before them
LEFT_FRONT_HEAD, RIGHT_BACK_HEAD, LEFT_BACK_FEET = (30.0, -24.0, 20.0), (-30.0, 24.0, 20.0), (30.0, 24.0, -20.0)


@pytest.mark.parametrize("turn", TURNS[:: len(TURNS) // 8], ids=str)
def test_a_phantom_looks_the_same_whatever_the_direction_of_its_axes(value, phantom, pixels, turn):
    straight, turned = (preview(value(Kind.IMAGE, given=phantom(one))) for one in (np.eye(3), turn))
    first, second = pixels(straight), pixels(turned)
    # The facts below name the size along the grid's own axes, which differs.
    assert first[:-30].shape == second[:-30].shape
    assert np.abs(first[:-30].astype(int) - second[:-30]).max() <= 1


def test_the_right_of_the_patient_is_on_the_left_and_the_front_and_the_head_are_up(
    value, phantom, colour_at, monkeypatch
):
    from interfaces.previews import images

    path = phantom(spacing=(1.0, 2.0, 4.0))
    for centre, planes in {
        LEFT_FRONT_HEAD: {"Axial": (0, -24), "Coronal": (0, 20), "Sagittal": (0, 20)},
        RIGHT_BACK_HEAD: {"Axial": (0, 24), "Coronal": (0, 20), "Sagittal": (0, 20)},
        LEFT_BACK_FEET: {"Axial": (0, 24), "Coronal": (0, -20), "Sagittal": (0, -20)},
    }.items():
        volume_index = lambda volume, at=centre: volume.geometry.indices(np.array([at]))[0]  # noqa: E731
        monkeypatch.setattr(images, "bright_middle", volume_index)
        made = preview(value(Kind.IMAGE, given=path))
        for plane in planes:
            assert min(colour_at(made, path, plane, centre, centre)) > 60
            elsewhere = (
                [-centre[0], centre[1], centre[2]] if plane != "Sagittal" else [centre[0], -centre[1], centre[2]]
            )
            assert colour_at(made, path, plane, elsewhere, centre) == [0, 0, 0]


def test_the_axial_plane_has_right_at_the_left_edge(phantom):
    from interfaces.previews.limits import Deadline
    from interfaces.previews.views import views_of
    from interfaces.previews.volumes import read_volume

    volume = read_volume(phantom(TURNS[13]), deadline=Deadline())
    views = {view.name: view for view in views_of(volume, np.zeros(3), width_px=900)}
    assert views["Axial"].letters == ("R", "L", "A", "P")
    assert views["Coronal"].letters == ("R", "L", "S", "I")
    assert views["Sagittal"].letters == ("A", "P", "S", "I")
    corner = views["Coronal"].to_pixels(volume.geometry.indices(np.array([[-59.0, 0.0, 39.0]])))[0]
    assert corner[0] < 10
    assert corner[1] < 10


def test_the_scale_is_the_same_along_all_axes(phantom):
    from interfaces.previews.limits import Deadline
    from interfaces.previews.views import views_of
    from interfaces.previews.volumes import read_volume

    volume = read_volume(phantom(spacing=(0.5, 2.0, 5.0)), deadline=Deadline())
    axial, coronal, sagittal = views_of(volume, np.zeros(3), width_px=900)
    assert axial.size_px[0] / axial.size_px[1] == pytest.approx(120 / 100, abs=0.01)
    assert coronal.size_px[0] / coronal.size_px[1] == pytest.approx(120 / 80, abs=0.01)
    assert sagittal.size_px[0] / sagittal.size_px[1] == pytest.approx(100 / 80, abs=0.01)


def grid(dtype="int16", shape=(6, 7, 8)) -> np.ndarray:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int32", "uint64", "float32", "float64"])
def test_voxels_of_any_type_are_shown(value, image_file, pixels, dtype):
    assert pixels(preview(value(Kind.IMAGE, given=image_file(grid(dtype))))).max() > 200


def test_colours_are_shown_as_they_are(value, image_file, colour_at):
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[:10, :15] = 200, 30, 40
    picture[10:, 15:] = 10, 220, 90
    path = image_file(picture, vector=True)
    made = preview(value(Kind.IMAGE, given=path))
    assert colour_at(made, path, "", (5, 5, 0), MIDDLE) == [200, 30, 40]
    assert colour_at(made, path, "", (25, 15, 0), MIDDLE) == [10, 220, 90]
    assert colour_at(made, path, "", (5, 15, 0), MIDDLE) == [0, 0, 0]


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.full((5, 6, 7), 7, np.int16), "an image of 7 x 6 x 5 voxels"),
        (np.full((5, 6, 7), np.nan, np.float32), "an image of 7 x 6 x 5 voxels"),
        (np.where(grid() % 3, np.inf, grid("float32")), "an image of"),
        (grid(shape=(2, 3, 4, 5)), "5 x 4 x 3 voxels of 1 x 1 x 1 mm, 2 volumes"),
        (grid(shape=(4, 5)), "5 x 4 pixels"),
        (grid(shape=(1, 5, 6)), "6 x 5 x 1 voxels"),
        (grid(shape=(1, 1, 6)), "6 x 1 x 1 voxels"),
        (grid(shape=(1, 1, 1)), "1 x 1 x 1 voxels"),
    ],
    ids=["constant", "no numbers", "infinite", "4D", "flat", "one slice", "a row", "a voxel"],
)
def test_odd_images_have_a_picture_too(value, image_file, pixels, array, says):
    made = preview(value(Kind.IMAGE, given=image_file(array.astype(array.dtype))))
    assert pixels(made).size
    assert says in made.text


@pytest.mark.parametrize("spacing", [(1e-6, 1e-6, 1e-6), (1e6, 1e6, 1e6), (1, 1, 1000), (1000, 1, 1)])
def test_absurd_spacings_have_a_picture_of_a_usual_size(value, image_file, pixels, spacing):
    height, width = pixels(preview(value(Kind.IMAGE, given=image_file(grid(), spacing=spacing)))).shape[:2]
    assert width <= 1300
    assert height <= 800


def test_noise_does_not_make_a_large_file(value, image_file):
    noise = np.random.default_rng(0).integers(0, 255, (700, 900, 3), np.uint8)
    made = preview(value(Kind.IMAGE, given=image_file(noise, vector=True)), width_px=4_000)
    assert len(made.data) <= 2 * 2**20


def test_a_heat_map_is_shown_through_its_peak_in_its_look_up_table(value, image_file, phantom, colour_at):
    heat = np.zeros((40, 50, 60), np.float32)
    heat[30, 10, 45] = 1
    path = image_file(heat, spacing=(2, 2, 2), origin=(-59, -49, -39))
    table = LookUpTable(title="T", color="[0 0 0 1, 1 1 0 0]", alpha="[0 0, 1 1]", range_max=1)
    peak = (31.0, -29.0, 21.0)
    made = preview(value(Kind.HEAT_MAP, given=path, look_up_table=table))
    for plane in ("Axial", "Coronal", "Sagittal"):
        assert colour_at(made, path, plane, peak, peak, beside_px=BAR_PX) == [255, 0, 0]
    assert colour_at(made, path, "Axial", (-31, 29, 21), peak, beside_px=BAR_PX) == [0, 0, 255]
    base = phantom(values={1: 100, 2: 100, 3: 100})
    over = preview(value(Kind.HEAT_MAP, given=path, look_up_table=table), over=value(Kind.IMAGE, given=base))
    assert colour_at(over, base, "Axial", peak, peak, beside_px=BAR_PX) == [255, 0, 0]
    assert colour_at(over, base, "Axial", (-31, -29, 21), peak, beside_px=BAR_PX) == [
        0,
        0,
        0,
    ]  # alpha is 0 there, and the image dark


def test_a_displacement_field_shows_the_length_of_its_vectors(value, image_file, pixels):
    field = np.zeros((3, 6, 7, 8), np.float32)
    field[:, 3, 3, 4] = 3, 4, 12
    made = preview(value(Kind.DISPLACEMENT_FIELD, given=image_file(field, spacing=(1, 1, 1, 1))))
    assert "a displacement field of 8 x 7 x 6 vectors" in made.text
    assert pixels(made).max() > 200


def test_a_dicom_image_set_is_shown_as_its_volume(value, tmp_path, pixels):
    import pydicom
    from pydicom.data import get_testdata_file
    from pydicom.uid import generate_uid

    series, folder = generate_uid(), tmp_path / "series"
    folder.mkdir()
    for number in range(4):
        dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm", download=False))
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.SeriesInstanceUID = series
        dataset.ImagePositionPatient = [-158.0, -179.0, -75.5 + 5 * number]
        dataset.InstanceNumber = number + 1
        dataset.save_as(folder / f"{number}.dcm")
    made = preview(value(Kind.DICOM_IMAGE_SET, given=folder))
    assert "128 x 128 x 4 voxels" in made.text
    assert pixels(made).max() > 200


@pytest.mark.parametrize("suffix", [".tif", ".nii.gz", ".nrrd"])
def test_other_formats_are_shown_too(value, image_file, pixels, suffix):
    assert pixels(preview(value(Kind.IMAGE, given=image_file(grid("uint8"), suffix=suffix)))).max() > 200
