"""Segmentations: each voxel's colour at its place in the patient, on the image's planes."""

from __future__ import annotations

import numpy as np
import pytest
from turns import TURNS

from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.overlays import LookUpTable
from interfaces.previews.limits import Deadline
from interfaces.previews.making import preview
from interfaces.previews.segmentations import read_labels

ORANGE, SKY, GREEN = [230, 159, 0], [86, 180, 233], [0, 158, 115]
SEGMENTS = tuple({"name": f"Part {number}", "visible": True, "voxel_value": number} for number in (1, 2, 3))
LABELS = {1: 1, 2: 2, 3: 3}
LEFT_FRONT_HEAD, RIGHT_BACK_HEAD, LEFT_BACK_FEET = (30.0, -24.0, 20.0), (-30.0, 24.0, 20.0), (30.0, 24.0, -20.0)


def middle_of(path) -> list[float]:
    labels = read_labels(path, visible=[1, 2, 3], deadline=Deadline())
    return labels.volume.geometry.points_mm(labels.index[None])[0].tolist()


def test_alone_the_background_is_clear_and_each_segment_has_its_colour(value, phantom, colour_at):
    path = phantom(dtype="uint8", values=LABELS)
    made = preview(value(Kind.SEGMENTATION, given=path, overlay_segments=SEGMENTS))
    through = middle_of(path)
    assert colour_at(made, path, "Axial", (30, -24, through[2]), through) == [*ORANGE, 255]
    assert colour_at(made, path, "Axial", (-30, 24, through[2]), through) == [*SKY, 255]
    assert colour_at(made, path, "Axial", (0, 0, through[2]), through) == [0, 0, 0, 0]


@pytest.mark.parametrize("turn", [TURNS[0], TURNS[21], TURNS[46]], ids=["straight", "turned", "mirrored"])
@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (1.0, 3.0, 4.0)])
def test_over_an_image_of_another_geometry_each_colour_lies_on_its_part_of_the_image(
    value, phantom, colour_at, turn, spacing
):
    base = phantom(values={1: 0, 2: 1000, 3: 500}, spacing=(2.0, 2.0, 5.0))
    path = phantom(turn, spacing=spacing, dtype="uint8", values=LABELS)
    image = value(Kind.IMAGE, given=base)
    made = preview(value(Kind.SEGMENTATION, given=path, overlay_segments=SEGMENTS), over=image)
    through = middle_of(path)
    # Where the image is black a colour is seen at its opacity of 45 %, where it is white mixed with white.
    black = [round(0.45 * one) for one in ORANGE]
    white = [round(0.45 * one + 0.55 * 255) for one in SKY]
    assert colour_at(made, base, "Axial", (30, -24, through[2]), through) == pytest.approx(black, abs=2)
    assert colour_at(made, base, "Axial", (-30, 24, through[2]), through) == pytest.approx(white, abs=2)
    assert colour_at(made, base, "Axial", (0, 0, through[2]), through) == [0, 0, 0]


def test_an_image_that_covers_only_a_part_is_shown_whole_and_the_rest_is_left_out(
    value, phantom, image_file, colour_at
):
    base = image_file(np.zeros((20, 20, 20), np.int16), spacing=(2, 2, 2), origin=(10, -44, 0))
    path = phantom(dtype="uint8", values=LABELS)
    made = preview(value(Kind.SEGMENTATION, given=path, overlay_segments=SEGMENTS), over=value(Kind.IMAGE, given=base))
    through = middle_of(path)
    found = colour_at(made, base, "Axial", (30, -24, through[2]), through)
    assert found == pytest.approx([round(0.55 * 127.5 + 0.45 * one) for one in ORANGE], abs=2)


def test_an_invisible_segment_is_not_shown_and_does_not_choose_the_planes(value, image_file, colour_at):
    labels = np.zeros((40, 40, 40), np.uint8)
    labels[20:, 20:] = 1  # large and hidden
    labels[4:10, 5:11, 6:12] = 2
    segments = (
        {"name": "Hidden", "visible": False, "voxel_value": 1},
        {"name": "Shown", "visible": True, "voxel_value": 2},
    )
    path = image_file(labels)
    made = preview(value(Kind.SEGMENTATION, given=path, overlay_segments=segments))
    assert colour_at(made, path, "Axial", (8, 7, 4), (6, 5, 4)) == [*SKY, 255]
    assert colour_at(made, path, "Coronal", (30, 5, 30), (6, 5, 4)) == [0, 0, 0, 0]


def test_of_a_stack_of_masks_volume_n_is_segment_n(value, image_file, colour_at):
    masks = np.zeros((3, 30, 30, 30), np.uint8)
    masks[1, 5:25, 5:25, 5:15] = 1
    masks[2, 5:25, 5:25, 15:25] = 1
    path = image_file(masks, spacing=(2, 2, 2, 1))
    made = preview(value(Kind.SEGMENTATION, given=path, overlay_segments=SEGMENTS))
    through = (12, 12, 12)
    assert colour_at(made, path, "Axial", (20, 20, 12), through) == [*SKY, 255]
    assert colour_at(made, path, "Axial", (40, 20, 12), through) == [*GREEN, 255]


def test_a_look_up_table_colours_the_segments(value, phantom, colour_at):
    table = LookUpTable(
        title="T", color="[0 0 0 0, 1 1 0 0, 2 0 1 0, 3 0 0 1]", alpha="[0 0, 1 1, 2 1, 3 1]", range_max=3
    )
    path = phantom(dtype="uint8", values=LABELS)
    made = preview(value(Kind.SEGMENTATION, given=path, overlay_segments=SEGMENTS, look_up_table=table))
    through = middle_of(path)
    assert colour_at(made, path, "Axial", (30, -24, through[2]), through) == [255, 0, 0, 255]
    assert colour_at(made, path, "Axial", (-30, 24, through[2]), through) == [0, 255, 0, 255]


def test_the_legend_has_each_colour_also_of_segments_without_a_voxel(value, image_file, pixels):
    path = image_file(np.zeros((8, 9, 10), np.uint8))
    picture = pixels(preview(value(Kind.SEGMENTATION, given=path, overlay_segments=SEGMENTS)))
    for colour in (ORANGE, SKY, GREEN):
        assert (picture == [*colour, 255]).all(axis=-1).sum() > 100


def test_a_flat_segmentation_lies_on_its_flat_image(value, image_file, colour_at):
    labels = np.zeros((20, 30), np.uint8)
    labels[5:15, 5:15] = 1
    path = image_file(labels, spacing=(0.5, 0.5))
    base = image_file(np.zeros((10, 15, 3), np.uint8), spacing=(1, 1), vector=True, origin=(0.25, 0.25))
    made = preview(value(Kind.SEGMENTATION, given=path, overlay_segments=SEGMENTS), over=value(Kind.IMAGE, given=base))
    assert colour_at(made, base, "", (5, 5, 0), (0, 0, 0)) == pytest.approx(
        [round(0.45 * one) for one in ORANGE], abs=2
    )
    assert colour_at(made, base, "", (12, 5, 0), (0, 0, 0)) == [0, 0, 0]


def test_negative_labels_are_labels(value, image_file, colour_at):
    labels = np.zeros((10, 10, 10), np.int16)
    labels[3:7, 3:7, 3:7] = -1
    path = image_file(labels)
    segments = ({"name": "Below", "visible": True, "voxel_value": -1},)
    made = preview(value(Kind.SEGMENTATION, given=path, overlay_segments=segments))
    assert colour_at(made, path, "Axial", (4, 4, 3), (3, 3, 3)) == [*ORANGE, 255]
