from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from schema_strategies import related, values_for

from interfaces.definition import ComponentInterface
from interfaces.edges import interfaces_compatible
from interfaces.errors import ValidationError
from interfaces.images.checks import check_image
from interfaces.json_examples import INTERFACE_TYPE_JSON_EXAMPLES
from interfaces.json_schemas import kind_schema
from interfaces.kinds import KIND_FACTS, InterfaceKind
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.overlays import OverlaySegment

JSON_KINDS = sorted(InterfaceKind.interface_type_json())
VOLUMES = {
    "type": "object",
    "required": ["unit", "volumes"],
    "properties": {"unit": {"const": "ml"}, "volumes": {"additionalProperties": {"type": "number", "minimum": 0}}},
}


def of_kind(kind: Kind, *, title: str = "Out", labels: tuple[int, ...] = (1,), **changes: Any) -> ComponentInterface:
    name = title.lower()
    path = f"images/{name}" if KIND_FACTS[kind].family == "image" else f"{name}{KIND_FACTS[kind].extension}"
    segments = tuple(OverlaySegment(name=f"s{value}", visible=True, voxel_value=value) for value in labels)
    if kind == Kind.SEGMENTATION:
        changes["overlay_segments"] = segments
    return ComponentInterface(title=title, kind=kind, relative_path=path, **changes)


def reason(output: Kind, input: Kind) -> str | None:
    return interfaces_compatible(of_kind(output), of_kind(input, title="In"))


@pytest.mark.parametrize("kind", list(Kind))
def test_an_interface_fits_itself_and_another_of_its_kind(kind):
    assert interfaces_compatible(of_kind(kind), of_kind(kind)) is None
    assert reason(kind, kind) is None


@pytest.mark.parametrize("kind", JSON_KINDS)
def test_every_json_fits_into_anything(kind):
    assert reason(kind, Kind.ANY) is None


@pytest.mark.parametrize(
    ("output", "input"),
    [
        (Kind.INTEGER, Kind.FLOAT),
        (Kind.CHOICE, Kind.STRING),
        (Kind.STRING, Kind.CHOICE),
        (Kind.SEGMENTATION, Kind.IMAGE),
        (Kind.HEAT_MAP, Kind.IMAGE),
        (Kind.IMAGE, Kind.HEAT_MAP),
        (Kind.SEGMENTATION, Kind.HEAT_MAP),
        (Kind.DISPLACEMENT_FIELD, Kind.IMAGE),
    ],
)
def test_a_kind_fits_into_one_that_is_wider(output, input):
    assert reason(output, input) is None


@pytest.mark.parametrize(
    ("output", "input"),
    [
        (Kind.FLOAT, Kind.INTEGER),
        (Kind.ANY, Kind.STRING),
        (Kind.BOOL, Kind.INTEGER),
        (Kind.INTEGER, Kind.BOOL),
        (Kind.STRING, Kind.MULTIPLE_CHOICE),
        (Kind.POINT, Kind.MULTIPLE_POINTS),
        (Kind.MULTIPLE_POINTS, Kind.POINT),
        (Kind.ANY, Kind.CHART),
        (Kind.IMAGE, Kind.SEGMENTATION),
        (Kind.HEAT_MAP, Kind.SEGMENTATION),
        (Kind.IMAGE, Kind.DISPLACEMENT_FIELD),
        (Kind.DICOM_IMAGE_SET, Kind.IMAGE),
        (Kind.IMAGE, Kind.DICOM_IMAGE_SET),
        (Kind.CSV, Kind.ZIP),
        (Kind.THUMBNAIL_JPG, Kind.THUMBNAIL_PNG),
        (Kind.STRING, Kind.CSV),
        (Kind.CSV, Kind.ANY),
        (Kind.IMAGE, Kind.ANY),
        (Kind.ANY, Kind.IMAGE),
    ],
)
def test_kinds_that_do_not_fit_are_named(output, input):
    assert reason(output, input) == f"'out' is of the kind {output.label}, but 'in' takes {input.label}"


@pytest.mark.parametrize(
    ("output", "input", "fits"),
    [
        ((1, 2), (1, 2), True),
        ((1,), (1, 2, 3), True),
        ((0, 1), (1,), True),
        ((1, 2), (1,), False),
        ((-1,), (1,), False),
    ],
)
def test_the_voxel_values_of_a_segmentation_must_all_be_known(output, input, fits):
    found = interfaces_compatible(
        of_kind(Kind.SEGMENTATION, labels=output), of_kind(Kind.SEGMENTATION, title="In", labels=input)
    )
    assert (found is None) is fits


def test_the_first_missing_voxel_values_are_named():
    many = of_kind(Kind.SEGMENTATION, labels=tuple(range(1, 10)))
    assert interfaces_compatible(many, of_kind(Kind.SEGMENTATION, title="In", labels=(1, 2))) == (
        "'out' has voxel values that 'in' has no overlay segment for: 3 (s3), 4 (s4), 5 (s5), 6 (s6), 7 (s7) and 2 more"
    )


@pytest.mark.parametrize(
    ("output", "input", "why"),
    [
        ((Kind.ANY, VOLUMES), (Kind.ANY, VOLUMES), None),
        ((Kind.ANY, VOLUMES), (Kind.ANY, None), None),
        ((Kind.ANY, VOLUMES), (Kind.ANY, {"required": ["volumes"]}), None),
        ((Kind.ANY, VOLUMES), (Kind.ANY, {"required": ["mass"]}), "it may lack the key 'mass'"),
        (
            (Kind.ANY, VOLUMES),
            (Kind.ANY, {"properties": {"volumes": {"additionalProperties": {"maximum": 9}}}}),
            "volumes.(another key) may be more than 9",
        ),
        ((Kind.ANY, None), (Kind.ANY, VOLUMES), "it may be of any type"),
        ((Kind.ANY, {"type": "integer"}), (Kind.FLOAT, None), None),
        ((Kind.ANY, {"enum": ["a", "b"]}), (Kind.CHOICE, {"enum": ["a", "b", "c"]}), None),
        ((Kind.ANY, {"type": "array", "items": {"type": "string"}}), (Kind.MULTIPLE_CHOICE, None), None),
        ((Kind.ANY, {"type": "boolean"}), (Kind.BOOL, None), None),
        ((Kind.INTEGER, {"minimum": 1}), (Kind.FLOAT, {"exclusiveMinimum": 0}), None),
        ((Kind.INTEGER, None), (Kind.FLOAT, {"minimum": 0}), "it may be less than 0"),
        ((Kind.INTEGER, None), (Kind.ANY, {"type": "number"}), None),
        ((Kind.POINT, None), (Kind.ANY, {"type": "object", "required": ["point"]}), None),
        ((Kind.POINT, None), (Kind.ANY, {"required": ["name"]}), "it may lack the key 'name'"),
        ((Kind.CHART, None), (Kind.ANY, {"type": "object"}), "it may be of any type"),
        # To JSON Schema 1 and true differ, though to Python they are equal.
        ((Kind.ANY, {"const": 1}), (Kind.ANY, {"const": True}), "it may be 1"),
    ],
)
def test_the_schema_of_the_input_must_follow_from_the_output(output, input, why):
    found = interfaces_compatible(of_kind(output[0], schema=output[1]), of_kind(input[0], title="In", schema=input[1]))
    assert found == (f"a value of 'out' need not satisfy the schema of 'in': {why}" if why else None)


def test_where_values_are_kept_makes_no_difference():
    output = of_kind(Kind.ANY, store_in_database=False)
    assert interfaces_compatible(output, of_kind(Kind.ANY, title="In", store_in_database=True)) is None


def is_valid(interface: ComponentInterface, value: Any) -> bool:
    try:
        interface.validate_against_schema(value=value)
    except ValidationError:
        return False
    return True


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "name"]), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def near_examples(draw: st.DrawFn) -> Any:
    """The example of a kind, as it is or with one thing in it changed."""
    value = copy.deepcopy(INTERFACE_TYPE_JSON_EXAMPLES[draw(st.sampled_from(JSON_KINDS))].value)
    node = value
    while isinstance(node, dict | list) and node and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else list(range(len(node)))))
        if isinstance(node[key], dict | list) and draw(st.booleans()):
            node = node[key]
        else:
            node[key] = draw(ANY_JSON)
            break
    return value


def _kind_values(kind: Kind) -> st.SearchStrategy[Any]:
    """Values near what a kind takes."""
    simple: dict[Kind, st.SearchStrategy[Any]] = {
        Kind.STRING: st.text("ab", max_size=3),
        Kind.CHOICE: st.text("ab", max_size=3),
        Kind.INTEGER: st.integers(-3, 3) | st.sampled_from([1.0, 2.0]),
        Kind.FLOAT: st.integers(-3, 3) | st.floats(-3, 3),
        Kind.BOOL: st.booleans(),
        Kind.MULTIPLE_CHOICE: st.lists(st.text("ab", max_size=2), max_size=3),
        Kind.ANY: ANY_JSON,
    }
    example = INTERFACE_TYPE_JSON_EXAMPLES[kind].value
    return simple.get(kind, st.just(example) | near_examples())


OWN_SCHEMAS = [
    VOLUMES,
    {"required": ["name"]},
    {"items": {"type": "string"}},
    {"properties": {"name": {"maxLength": 2}}},
]


@st.composite
def edges(draw: st.DrawFn) -> tuple[ComponentInterface, ComponentInterface]:
    """An output and an input, of which the second often asks for a part of what the first has."""
    kinds = draw(st.sampled_from(JSON_KINDS)), draw(st.sampled_from([*JSON_KINDS, Kind.ANY, Kind.FLOAT, Kind.STRING]))
    made = draw(related() | related() | st.tuples(*[st.sampled_from(OWN_SCHEMAS)] * 2))
    output, input = (draw(st.sampled_from([None, schema, schema])) for schema in made)
    return of_kind(kinds[0], schema=output), of_kind(kinds[1], title="In", schema=input)


def _hold_an_edge_against_values(data: st.DataObject, edge: tuple[ComponentInterface, ComponentInterface]) -> None:
    output, input = edge
    if interfaces_compatible(output, input) is not None:
        return
    drawn = (
        _kind_values(output.kind) if output.schema is None else _kind_values(output.kind) | values_for(output.schema)
    )
    for value in [
        *data.draw(st.lists(drawn, min_size=5, max_size=12)),
        INTERFACE_TYPE_JSON_EXAMPLES[output.kind].value,
    ]:
        if is_valid(output, value):
            input.validate_against_schema(value=value)


@settings(deadline=None, max_examples=250)
@given(data=st.data(), edge=edges())
def test_a_value_of_an_output_is_valid_wherever_the_edge_was_let_through(data, edge):
    _hold_an_edge_against_values(data, edge)


@pytest.mark.soak
@settings(deadline=None, max_examples=20_000)
@given(data=st.data(), edge=edges())
def test_a_value_of_an_output_is_valid_over_many_edges(data, edge):
    _hold_an_edge_against_values(data, edge)


@pytest.mark.parametrize("output", list(Kind))
def test_every_pair_of_kinds_is_decided_in_one_sentence(output):
    for input in Kind:
        why = reason(output, input)
        assert why is None or (why[0] == "'" and "\n" not in why and not why.endswith(".")), input
        if why is None and output.name != input.name:
            assert KIND_FACTS[output].family == KIND_FACTS[input].family != "file", input
        in_database = of_kind(output, store_in_database=False), of_kind(input, title="In")
        assert interfaces_compatible(*in_database) == why, input


IMAGES = [kind for kind in sorted(InterfaceKind.interface_type_image()) if kind != Kind.DICOM_IMAGE_SET]


LABELS = ((1,), (1, 2), (-1, 1), (1, 2, 3), (0, 1), (-1, 0, 1, 2))


def small_images() -> list[np.ndarray[Any, Any]]:
    """Images of 3 and 4 dimensions with every set of a few numbers, stacks of masks, and images of fractions."""
    some = [numbers for size in range(1, 4) for numbers in itertools.combinations((-1, 0, 1, 2, 3), size)]
    made = [np.resize(np.array(numbers, np.int16), (2, 2, 2)) for numbers in some]
    stacks = [np.array(masks, np.uint8).reshape(-1, 1, 1, 1) for masks in itertools.product((0, 1), repeat=3)]
    made += [np.broadcast_to(stack, (3, 2, 2, 2)) for stack in stacks]
    return [*made, made[0].astype(np.float32), np.full((2, 1, 2, 2), 2, np.int16), np.zeros((3, 2, 2, 2), np.float32)]


def is_valid_image(interface: ComponentInterface, path: Path) -> bool:
    try:
        labels = [segment.voxel_value for segment in interface.overlay_segments]
        check_image(path, kind=interface.kind, voxel_values=labels)
    except ValidationError:
        return False
    return True


def test_every_image_of_an_output_is_valid_wherever_the_edge_was_let_through(tmp_path):
    interfaces = [of_kind(kind) for kind in IMAGES if kind != Kind.SEGMENTATION]
    interfaces += [of_kind(Kind.SEGMENTATION, labels=labels) for labels in LABELS]
    paths = [tmp_path / f"{number}.mha" for number, _ in enumerate(small_images())]
    for path, voxels in zip(paths, small_images(), strict=True):
        sitk.WriteImage(sitk.GetImageFromArray(np.ascontiguousarray(voxels), isVector=False), path)
    valid = [{path for path in paths if is_valid_image(interface, path)} for interface in interfaces]
    assert all(valid)
    for (output, of_output), (input, of_input) in itertools.product(zip(interfaces, valid, strict=True), repeat=2):
        if interfaces_compatible(output, input) is None:
            assert of_output <= of_input, (output.kind, output.overlay_segments, input.kind, input.overlay_segments)


SHAPE = {"$ref": "#/definitions/shape", "definitions": {"shape": {"required": ["point"]}}}


@pytest.mark.parametrize(
    ("output", "input", "fits"),
    [
        # What the kind's own schema says counts, also where it is said by a reference.
        ((Kind.POINT, None), (Kind.ANY, {"properties": {"point": {"minItems": 3, "maxItems": 3}}}), True),
        ((Kind.POINT, None), (Kind.ANY, {"properties": {"probability": {"maximum": 1}}}), True),
        ((Kind.POINT, None), (Kind.ANY, {"properties": {"probability": {"maximum": 0.9}}}), False),
        ((Kind.POINT, None), (Kind.ANY, {"properties": {"point": {"items": {"type": "integer"}}}}), False),
        (
            (Kind.MULTIPLE_POINTS, None),
            (Kind.ANY, {"properties": {"points": {"items": SHAPE["definitions"]["shape"]}}}),
            True,
        ),
        ((Kind.POINT, None), (Kind.ANY, SHAPE), True),
        ((Kind.ANY, SHAPE), (Kind.ANY, {"required": ["point"]}), True),
        ((Kind.ANY, kind_schema(Kind.POINT)), (Kind.POINT, None), True),
        ((Kind.ANY, kind_schema(Kind.POINT)), (Kind.MULTIPLE_POINTS, None), False),
        ((Kind.ANY, {"const": INTERFACE_TYPE_JSON_EXAMPLES[Kind.ANGLE].value}), (Kind.ANGLE, None), True),
        ((Kind.STRING, {"enum": ["a", "b"]}), (Kind.CHOICE, {"enum": ["b", "a", "c"]}), True),
        ((Kind.CHOICE, {"enum": ["a", "d"]}), (Kind.CHOICE, {"enum": ["b", "a", "c"]}), False),
        (
            (Kind.MULTIPLE_CHOICE, {"items": {"enum": ["a"]}}),
            (Kind.MULTIPLE_CHOICE, {"items": {"enum": ["a", "b"]}}),
            True,
        ),
        ((Kind.INTEGER, {"minimum": 1, "maximum": 3}), (Kind.FLOAT, {"exclusiveMinimum": 0, "maximum": 3}), True),
        ((Kind.FLOAT, {"minimum": 1, "maximum": 3}), (Kind.INTEGER, None), False),
    ],
)
def test_kinds_and_schemas_are_proven_together(output, input, fits):
    found = interfaces_compatible(of_kind(output[0], schema=output[1]), of_kind(input[0], title="In", schema=input[1]))
    assert (found is None) is fits, found
