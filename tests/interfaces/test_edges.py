from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interfaces.definition import ComponentInterface
from interfaces.edges import interfaces_compatible
from interfaces.errors import ValidationError
from interfaces.json_examples import INTERFACE_TYPE_JSON_EXAMPLES
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


SCHEMAS = st.sampled_from(
    [
        *(None, True, {}, VOLUMES, {"type": "integer"}, {"type": ["number", "string"]}, {"minimum": 0}, {"minimum": 1}),
        *({"enum": ["a", "b"]}, {"const": "a"}, {"maxLength": 2}, {"required": ["name"]}, {"maxItems": 2}),
        *(
            {"items": {"type": "string"}},
            {"type": "array", "items": {"type": "integer"}},
            {"additionalProperties": False},
        ),
        {"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"},
    ]
)


@settings(deadline=None, max_examples=250)
@given(
    kinds=st.tuples(st.sampled_from(JSON_KINDS), st.sampled_from(JSON_KINDS)),
    schemas=st.tuples(SCHEMAS, SCHEMAS),
    values=st.lists(ANY_JSON | near_examples(), min_size=5, max_size=15),
)
def test_a_value_of_an_output_is_valid_wherever_the_edge_was_let_through(kinds, schemas, values):
    output = of_kind(kinds[0], schema=schemas[0])
    input = of_kind(kinds[1], title="In", schema=schemas[1])
    if interfaces_compatible(output, input) is None:
        for value in [*values, INTERFACE_TYPE_JSON_EXAMPLES[output.kind].value]:
            if is_valid(output, value):
                input.validate_against_schema(value=value)
