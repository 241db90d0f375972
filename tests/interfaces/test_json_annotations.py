"""Every annotation: its example passes, and fails once it is broken in any way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from json_cases import example, refusal, refused_after

from interfaces.json_validation import validate_json
from interfaces.kinds import InterfaceKindChoices

K = InterfaceKindChoices
SINGLE_OF = {
    K.MULTIPLE_TWO_D_BOUNDING_BOXES: ("boxes", K.TWO_D_BOUNDING_BOX),
    K.MULTIPLE_DISTANCE_MEASUREMENTS: ("lines", K.DISTANCE_MEASUREMENT),
    K.MULTIPLE_POINTS: ("points", K.POINT),
    K.MULTIPLE_POLYGONS: ("polygons", K.POLYGON),
    K.MULTIPLE_LINES: ("lines", K.LINE),
    K.MULTIPLE_ANGLES: ("angles", K.ANGLE),
    K.MULTIPLE_ELLIPSES: ("ellipses", K.ELLIPSE),
    K.MULTIPLE_THREE_POINT_ANGLES: ("angles", K.THREE_POINT_ANGLE),
}
SINGLES = [single for _, single in SINGLE_OF.values()]
ANNOTATIONS = [*SINGLES, *SINGLE_OF]
OWN_KEYS = {
    K.TWO_D_BOUNDING_BOX: {"corners"},
    K.DISTANCE_MEASUREMENT: {"start", "end"},
    K.POINT: {"point"},
    K.POLYGON: {"seed_point", "path_points", "sub_type", "groups"},
    K.LINE: {"seed_points", "path_point_lists"},
    K.ANGLE: {"lines"},
    K.ELLIPSE: {"major_axis", "minor_axis"},
    K.THREE_POINT_ANGLE: {"angle"},
}
# The lists whose length is fixed, as paths into an example.
FIXED_LENGTHS = [
    (K.TWO_D_BOUNDING_BOX, ("corners",)),
    (K.ANGLE, ("lines",)),
    (K.ANGLE, ("lines", 1)),
    (K.ELLIPSE, ("major_axis",)),
    (K.ELLIPSE, ("minor_axis",)),
    (K.THREE_POINT_ANGLE, ("angle",)),
    (K.AFFINE_TRANSFORM_REGISTRATION, ("3d_affine_transform",)),
    (K.AFFINE_TRANSFORM_REGISTRATION, ("3d_affine_transform", 2)),
    (K.MULTIPLE_TWO_D_BOUNDING_BOXES, ("boxes", 1, "corners")),
    (K.MULTIPLE_ANGLES, ("angles", 2, "lines")),
    (K.MULTIPLE_ANGLES, ("angles", 0, "lines", 0)),
    (K.MULTIPLE_ELLIPSES, ("ellipses", 0, "minor_axis")),
    (K.MULTIPLE_THREE_POINT_ANGLES, ("angles", 1, "angle")),
]
# Lists of any length, the empty one included.
FREE_LENGTHS = [
    (K.POLYGON, ("path_points",)),
    (K.POLYGON, ("groups",)),
    (K.LINE, ("seed_points",)),
    (K.LINE, ("path_point_lists",)),
    (K.LINE, ("path_point_lists", 0)),
    (K.MULTIPLE_CHOICE, ()),
    *((kind, (key,)) for kind, (key, _) in SINGLE_OF.items()),
]


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def points_in(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of each point: a list of three numbers."""
    if isinstance(value, list) and len(value) == 3 and all(isinstance(part, (int, float)) for part in value):
        yield path
    elif isinstance(value, (list, dict)):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from points_in(part, (*path, key))


@pytest.mark.parametrize("value", [None, [], {}, "text", 1, True])
def test_an_annotation_is_an_object_with_its_keys(value: Any) -> None:
    for kind in ANNOTATIONS:
        refusal(value, kind)


@pytest.mark.parametrize("kind", ANNOTATIONS)
def test_an_annotation_without_a_required_key_is_refused(kind: K) -> None:
    own = {SINGLE_OF[kind][0]} if kind in SINGLE_OF else OWN_KEYS[kind]
    for key in {"type", "version", *own}:
        assert refused_after(lambda value, key=key: value.pop(key), kind) == f"'{key}' is a required property"  # type: ignore[misc]


@pytest.mark.parametrize("kind", ANNOTATIONS)
def test_name_and_probability_are_optional(kind: K) -> None:
    value = example(kind)
    value.pop("name")
    value.pop("probability", None)
    validate_json(value, kind=kind)


@pytest.mark.parametrize("kind", SINGLE_OF)
def test_a_list_of_annotations_has_no_probability_itself(kind: K) -> None:
    assert "'probability' was unexpected" in refused_after(lambda value: value.update(probability=0.5), kind)


@pytest.mark.parametrize("key", ["extra", "Name", "", "$schema", "types"])
def test_an_annotation_takes_no_unknown_key(key: str) -> None:
    for kind in ANNOTATIONS:
        message = refused_after(lambda value: value.update({key: 1}), kind)
        assert message == f"Additional properties are not allowed ('{key}' was unexpected)"


@pytest.mark.parametrize("wrong", ["", "point", "Foo", None, 1, ["Point"]])
def test_the_type_must_be_the_label(wrong: Any) -> None:
    for kind in ANNOTATIONS:
        assert refused_after(lambda value: value.update(type=wrong), kind) == f"type: '{kind.label}' was expected"


@pytest.mark.parametrize("kind", ANNOTATIONS)
def test_the_type_of_another_kind_is_refused(kind: K) -> None:
    for other in set(ANNOTATIONS) - {kind}:
        refused_after(lambda value, other=other: value.update(type=other.label), kind)  # type: ignore[misc]


@pytest.mark.parametrize(
    "version",
    [
        {"major": 0, "minor": 0},
        {"major": 1.0, "minor": 7},
        {"major": 2**40, "minor": 0.0},
    ],
)
def test_a_version_is_two_whole_numbers(version: Any) -> None:
    for kind in ANNOTATIONS:
        validate_json({**example(kind), "version": version}, kind=kind)


@pytest.mark.parametrize(
    "version",
    [
        None,
        1,
        "1.0",
        [1, 0],
        {},
        {"major": 1},
        {"minor": 0},
        {"major": 1, "minor": -1},
        {"major": -1, "minor": 0},
        {"major": 1.5, "minor": 0},
        {"major": "1", "minor": 0},
        {"major": True, "minor": 0},
        {"major": 1, "minor": None},
        {"major": 1, "minor": 0, "patch": 0},
    ],
)
def test_any_other_version_is_refused(version: Any) -> None:
    for kind in ANNOTATIONS:
        assert refused_after(lambda value: value.update(version=version), kind).startswith("version")


@pytest.mark.parametrize("probability", [0, 1, 0.0, 1.0, 0.5, 1e-300])
def test_a_probability_is_from_0_to_1(probability: float) -> None:
    for kind in SINGLES:
        validate_json({**example(kind), "probability": probability}, kind=kind)


@pytest.mark.parametrize("probability", [1.2, -0.1, 1.0000001, 2**70, "0.5", True, None, [0.5]])
def test_any_other_probability_is_refused(probability: Any) -> None:
    for kind in SINGLES:
        assert refused_after(lambda value: value.update(probability=probability), kind).startswith("probability: ")


@pytest.mark.parametrize("name", [1, None, True, ["a"], {}])
def test_a_name_is_a_text(name: Any) -> None:
    for kind in ANNOTATIONS:
        assert refused_after(lambda value: value.update(name=name), kind).startswith("name: ")


@pytest.mark.parametrize("kind", ANNOTATIONS)
def test_each_point_has_exactly_three_numbers(kind: K) -> None:
    paths = list(points_in(example(kind)))
    assert paths
    for path in paths:
        for wrong in (
            [],
            [1, 2],
            [1, 2, 3, 4],
            [1, 2, "3"],
            [1, 2, None],
            [1, True, 3],
            [1, 2, [3]],
            {},
            None,
            "1,2,3",
            7,
        ):
            value = example(kind)
            at(value, path[:-1])[path[-1]] = wrong
            refusal(value, kind)


@pytest.mark.parametrize("kind", ANNOTATIONS)
def test_a_point_may_have_any_numbers(kind: K) -> None:
    value = example(kind)
    for path in points_in(value):
        at(value, path)[:] = [-1e300, 0, 2**70]
    validate_json(value, kind=kind)


@pytest.mark.parametrize(("kind", "path"), FIXED_LENGTHS)
def test_a_list_of_fixed_length_is_refused_with_one_more_or_less(kind: K, path: tuple[str | int, ...]) -> None:
    assert "is too short" in refused_after(lambda value: at(value, path).pop(), kind)
    assert "is too long" in refused_after(lambda value: at(value, path).append(at(value, path)[0]), kind)
    refused_after(lambda value: at(value, path).clear(), kind)


@pytest.mark.parametrize(("kind", "path"), FREE_LENGTHS)
def test_other_lists_may_have_any_length(kind: K, path: tuple[str | int, ...]) -> None:
    value = example(kind)
    parts = at(value, path)
    for filling in (parts * 3 or ["a"], []):
        parts[:] = filling
        validate_json(value, kind=kind)


@pytest.mark.parametrize(("kind", "path"), [*FREE_LENGTHS, *FIXED_LENGTHS])
def test_no_list_takes_a_stranger(kind: K, path: tuple[str | int, ...]) -> None:
    for stranger in (None, {}, True, [[[[1]]]]):
        value = example(kind)
        at(value, path)[-1:] = [stranger]
        refusal(value, kind)


def test_a_sub_type_is_a_text() -> None:
    assert refused_after(lambda value: value.update(sub_type=1), K.POLYGON) == "sub_type: 1 is not of type 'string'"


# ---- lists of annotations


@pytest.mark.parametrize("kind", SINGLE_OF)
def test_objects_in_a_list_may_have_the_single_kinds_type_and_need_none(kind: K) -> None:
    key, single = SINGLE_OF[kind]
    value = example(kind)
    for item in value[key]:
        item.pop("name", None)
        item.pop("probability", None)
    validate_json(value, kind=kind)
    value[key][0].update(type=single.label, name="n", probability=0)
    validate_json(value, kind=kind)


@pytest.mark.parametrize("kind", SINGLE_OF)
def test_objects_in_a_list_are_refused_once_broken(kind: K) -> None:
    key, single = SINGLE_OF[kind]
    for required in OWN_KEYS[single]:
        message = refused_after(lambda value, name=required: value[key][1].pop(name), kind)  # type: ignore[misc]
        assert message == f"{key}[1]: '{required}' is a required property"
    for wrong, where in (
        ({"type": kind.label}, f"{key}[1].type: '{single.label}' was expected"),
        ({"probability": 1.2}, f"{key}[1].probability: 1.2 is greater than the maximum of 1"),
        ({"name": 5}, f"{key}[1].name: 5 is not of type 'string'"),
        ({"version": {"major": 1, "minor": 0}}, f"{key}[1]: Additional properties are not allowed"),
        ({"extra": 1}, f"{key}[1]: Additional properties are not allowed ('extra' was unexpected)"),
    ):
        assert refused_after(lambda value, wrong=wrong: value[key][1].update(wrong), kind).startswith(where)  # type: ignore[misc]


def test_lines_mean_three_different_things() -> None:
    kinds = (K.MULTIPLE_DISTANCE_MEASUREMENTS, K.MULTIPLE_LINES, K.ANGLE)
    for kind in kinds:
        for other in set(kinds) - {kind}:
            refused_after(lambda value, other=other: value.update(lines=example(other)["lines"]), kind)  # type: ignore[misc]


# ---- affine transforms


def test_an_affine_transform_takes_other_keys() -> None:
    validate_json({**example(K.AFFINE_TRANSFORM_REGISTRATION), "x": 1, "type": 2}, kind=K.AFFINE_TRANSFORM_REGISTRATION)


@pytest.mark.parametrize("wrong", [None, "1", True, [1]])
def test_an_affine_transform_has_16_numbers(wrong: Any) -> None:
    message = refused_after(
        lambda value: value["3d_affine_transform"][3].__setitem__(2, wrong), K.AFFINE_TRANSFORM_REGISTRATION
    )
    assert message.startswith("3d_affine_transform[3][2]: ")
