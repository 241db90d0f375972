"""Annotations: each point at its place of the patient, over any geometry."""

from __future__ import annotations

import numpy as np
import pytest
from turns import TURNS

from interfaces.json_examples import INTERFACE_TYPE_JSON_EXAMPLES
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.previews.making import preview
from interfaces.previews.shapes import ANNOTATION_KINDS

ORANGE, SKY = [230, 159, 0], [86, 180, 233]
VERSION = {"major": 1, "minor": 0}


def box(left: float, front: float, head: float, size: float = 30, **fields) -> dict:
    corners = [[left, front], [left + size, front], [left + size, front + size], [left, front + size]]
    return {"corners": [[*corner, head] for corner in corners], **fields}


def boxes(*items: dict) -> dict:
    return {"type": "Multiple 2D bounding boxes", "version": VERSION, "boxes": list(items)}


def share(picture: np.ndarray, colour: list[int]) -> int:
    return int((np.abs(picture[..., :3].astype(int) - colour).max(axis=-1) <= 12).sum())


@pytest.mark.parametrize("turn", [TURNS[0], TURNS[13], TURNS[37]], ids=["straight", "turned", "mirrored"])
@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (1.0, 2.5, 4.0)])
def test_a_box_is_drawn_where_it_lies_in_the_patient(value, image_file, colour_at, turn, spacing):
    size = np.array([80, 80, 80])
    origin = -turn @ ((size - 1) / 2 * spacing)
    base = image_file(np.zeros(size[::-1], np.int16), spacing=spacing, origin=origin.tolist(), direction=turn)
    given = {"type": "2D bounding box", "version": VERSION, **box(5, -20, 3)}
    made = preview(value(Kind.TWO_D_BOUNDING_BOX, given=given), over=value(Kind.IMAGE, given=base))
    through = (20, -5, 3)
    for point in [(5, -5, 3), (35, -5, 3), (20, -20, 3), (20, 10, 3)]:
        assert colour_at(made, base, "Axial", point, through) == pytest.approx(ORANGE, abs=40)
    for point in [(20, -5, 3), (-5, -5, 3), (20, -25, 3)]:
        assert max(colour_at(made, base, "Axial", point, through)) <= 128  # the image, of one value, is grey


def test_the_planes_go_through_the_most_probable_and_others_are_faint(value, image_file, colour_at):
    base = image_file(np.zeros((80, 80, 80), np.uint8), origin=(-40, -40, -40))
    given = boxes(box(-30, -30, 20, probability=0.2), box(5, 5, -10, probability=0.9, size=20))
    made = preview(value(Kind.MULTIPLE_TWO_D_BOUNDING_BOXES, given=given), over=value(Kind.IMAGE, given=base))
    through = (15, 15, -10)
    assert colour_at(made, base, "Axial", (15, 25, -10), through) == pytest.approx(SKY, abs=40)
    faint = colour_at(made, base, "Axial", (-15, -30, -10), through)
    mixed = [round(127.5 * 0.6 + one * 0.4) for one in ORANGE]
    assert faint == pytest.approx(mixed, abs=25)


def test_over_a_flat_image_depth_does_not_count(value, image_file, colour_at):
    base = image_file(np.zeros((40, 60), np.uint8), spacing=(0.5, 0.5), origin=(10, 20))
    given = {"type": "Point", "version": VERSION, "point": [20.0, 30.0, 77.0]}
    made = preview(value(Kind.POINT, given=given), over=value(Kind.IMAGE, given=base))
    assert colour_at(made, base, "", (20, 30, 0), (20, 30, 0)) == pytest.approx(ORANGE, abs=12)


def test_what_lies_outside_of_its_image_is_said(value, phantom):
    given = {"type": "Point", "version": VERSION, "point": [0, 0, 4000]}
    made = preview(value(Kind.POINT, given=given), over=value(Kind.IMAGE, given=phantom()))
    assert made.text.endswith("the annotation lies outside of the image.")


@pytest.mark.parametrize("kind", sorted(ANNOTATION_KINDS), ids=lambda kind: kind.label)
def test_each_annotation_kind_is_drawn_alone_and_over_an_image(value, image_file, pixels, kind):
    annotation = value(kind, given=INTERFACE_TYPE_JSON_EXAMPLES[kind].value)
    alone = pixels(preview(annotation))
    assert share(alone, ORANGE) + share(alone, SKY) > 10
    # Around all of the examples.
    base = image_file(np.zeros((4, 100, 60), np.uint8), spacing=(10, 10, 10), origin=(-200, -50, -10))
    over = pixels(preview(annotation, over=value(Kind.IMAGE, given=base)))
    assert share(over, ORANGE) + share(over, SKY) > 5


@pytest.mark.parametrize(
    "point", [[1e308, 0, 0], [-1e308, 1e308, 1e308], [10**400, 0, 0], [1e8, 0, 0]], ids=["huge", "all", "long", "far"]
)
def test_a_point_where_no_patient_is_has_a_sentence(value, point):
    made = preview(value(Kind.POINT, given={"type": "Point", "version": VERSION, "point": point}))
    assert made.media_type == "text/plain"
    assert made.text.endswith("this Point can't be previewed: it has no point that can be drawn.")


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (Kind.POLYGON, {"seed_point": [1, 2, 3], "path_points": [], "sub_type": "", "groups": []}),
        (Kind.LINE, {"seed_points": [[1, 2, 3]], "path_point_lists": []}),
        (Kind.LINE, {"seed_points": [[1, 2, 3]], "path_point_lists": [[], []]}),
        (Kind.ANGLE, {"lines": [[[1, 2, 3], [1, 2, 3]], [[1, 2, 3], [1, 2, 3]]]}),
        (Kind.ELLIPSE, {"major_axis": [[0, 0, 0], [0, 0, 0]], "minor_axis": [[0, 0, 0], [0, 0, 0]]}),
        (Kind.DISTANCE_MEASUREMENT, {"start": [-9e6, 0, 0], "end": [9e6, 0, 0]}),
    ],
)
def test_degenerate_annotations_have_a_picture(value, phantom, pixels, kind, given):
    annotation = value(kind, given={"type": kind.label, "version": VERSION, **given})
    assert pixels(preview(annotation)).size
    assert pixels(preview(annotation, over=value(Kind.IMAGE, given=phantom()))).size


def test_lists_without_an_item_have_a_sentence(value):
    made = preview(value(Kind.MULTIPLE_TWO_D_BOUNDING_BOXES, given=boxes()))
    assert made.media_type == "text/plain"


def test_very_many_points_are_bounded(value, pixels):
    points = [{"point": [float(at % 300), float(at // 300), 0.5], "name": "x" * 50} for at in range(20_000)]
    made = preview(value(Kind.MULTIPLE_POINTS, given={"type": "Multiple points", "version": VERSION, "points": points}))
    assert "20,000 annotations, 2,000 drawn" in made.text
    assert pixels(made).size
