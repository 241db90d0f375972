"""A field for every kind of interface, as Prefect checks what is written into it."""

from __future__ import annotations

import copy

import pytest
from prefect.utilities.schema_tools import is_valid_schema, validate

from interfaces.definition import ComponentInterface
from interfaces.example_value import ComponentInterfaceExampleValue
from interfaces.forms.fields import field_of, with_default
from interfaces.json_examples import INTERFACE_TYPE_JSON_EXAMPLES
from interfaces.kinds import KIND_FACTS, InterfaceKind
from interfaces.kinds import InterfaceKindChoices as Kind

PLAIN_TYPES = {
    Kind.STRING: "string",
    Kind.INTEGER: "integer",
    Kind.FLOAT: "number",
    Kind.CHOICE: "string",
    **dict.fromkeys(InterfaceKind.interface_type_image() | InterfaceKind.interface_type_file(), "string"),
    Kind.MULTIPLE_CHOICE: "array",
}
WRITTEN_AS_JSON = {Kind.ANY, Kind.CHART}


def an_interface(kind: Kind, **changes) -> ComponentInterface:
    folder = "images/" if kind in InterfaceKind.interface_type_image() else ""
    fields = {"title": "Finding", "description": "What was found", "relative_path": f"{folder}finding", "kind": kind}
    segments = [{"name": "Lesion", "voxel_value": 1, "visible": True}] if kind is Kind.SEGMENTATION else []
    return ComponentInterface(**{**fields, "overlay_segments": segments, **changes})


def errors(value, field) -> list[str]:
    schema = {"type": "object", "properties": {"value": field}, "required": ["value"]}
    return [error.message for error in validate({"value": value}, schema)]


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_field_of_its_own_with_title_and_description(kind):
    for is_list in (False, True):
        field = field_of(an_interface(kind), is_required=True, is_list=is_list, where="below /data")
        is_valid_schema({"type": "object", "properties": {"value": field}})
        assert field["title"] == "Finding"
        assert field["description"].startswith("What was found")
    one = field_of(an_interface(kind), is_required=True, where="below /data")
    if kind in PLAIN_TYPES:
        assert one["type"] == PLAIN_TYPES[kind]
    elif kind is Kind.BOOL:
        assert one["enum"] == [True, False]
    elif kind in WRITTEN_AS_JSON:
        assert "type" not in one
    else:
        assert one["type"] == "object"
        assert one["properties"]
        assert all(part["title"] for part in one["properties"].values())
    assert ("below /data" in one["description"]) == (kind not in InterfaceKind.interface_type_json())


@pytest.mark.parametrize("kind", sorted(InterfaceKind.interface_type_json()))
def test_the_example_of_each_json_kind_is_taken_and_another_type_is_not(kind):
    field = field_of(an_interface(kind), is_required=True)
    assert errors(copy.deepcopy(INTERFACE_TYPE_JSON_EXAMPLES[kind].value), field) == []
    wrong = 3 if PLAIN_TYPES.get(kind) == "string" else "three"
    assert bool(errors(wrong, field)) == (kind not in WRITTEN_AS_JSON)


def test_type_and_version_of_an_annotation_are_not_asked_for():
    field = field_of(an_interface(Kind.TWO_D_BOUNDING_BOX), is_required=True)
    assert list(field["properties"]) == ["name", "corners", "probability"]
    assert field["required"] == ["corners"]
    assert errors({"corners": [[0, 0, 0]] * 4}, field) == []
    assert errors({"corners": [[0, 0, 0]] * 3}, field)
    (item,) = [
        part["items"]
        for part in field_of(an_interface(Kind.MULTIPLE_POINTS), is_required=True)["properties"].values()
        if "items" in part
    ]
    assert list(item["properties"]) == ["name", "point", "probability"]


def test_an_optional_box_that_nobody_touched_is_taken():
    field = field_of(an_interface(Kind.TWO_D_BOUNDING_BOX), is_required=False)
    assert errors({}, field) == []
    assert errors({"name": None}, field) == []


@pytest.mark.parametrize(
    ("kind", "schema", "good", "bad"),
    [
        (Kind.INTEGER, {"minimum": 1, "maximum": 99}, 50, 100),
        (Kind.INTEGER, {"enum": [1, 2, "three"]}, 2, 3),
        (Kind.FLOAT, {"exclusiveMinimum": 0}, 0.1, 0),
        (Kind.STRING, {"maxLength": 3}, "abc", "abcd"),
        (Kind.STRING, {"$ref": "#/definitions/a", "definitions": {"a": {"maxLength": 3}}}, "a", 3),
        (Kind.CHOICE, {"enum": ["T1", "T2"]}, "T1", "FLAIR"),
        (Kind.MULTIPLE_CHOICE, {"items": {"enum": ["T1", "T2"]}}, ["T1"], ["FLAIR"]),
        (Kind.MULTIPLE_CHOICE, {"type": "array", "maxItems": 1}, ["a"], ["a", "b"]),
        (Kind.ANY, {"type": "array", "items": {"type": "string"}}, ["a"], "a"),
        (Kind.ANY, {"type": "object", "properties": {"n": {"type": "integer"}}}, {"n": 1}, {"n": "a"}),
        (Kind.ANY, {"enum": ["a", 1]}, 1, "b"),
    ],
)  # fmt: skip
def test_an_interface_narrows_its_kind_by_a_schema_of_its_own(kind, schema, good, bad):
    field = field_of(an_interface(kind, schema=schema), is_required=True)
    assert errors(good, field) == []
    assert errors(bad, field)


@pytest.mark.parametrize("schema", [{"type": "object"}, {"enum": [1]}, False, {"items": {"type": "integer"}}])
def test_a_schema_that_has_nothing_to_do_with_the_kind_changes_nothing(schema):
    assert field_of(an_interface(Kind.STRING, schema=schema), is_required=True)["type"] == "string"
    assert "enum" not in field_of(an_interface(Kind.STRING, schema=schema), is_required=True)


def test_the_description_says_how_a_value_is_given():
    nifti = field_of(an_interface(Kind.IMAGE), is_required=True, where="below /data")["description"]
    assert ".nii.gz" in nifti
    table = field_of(an_interface(Kind.CSV), is_required=True)["description"]
    assert {"(.csv;", "text/csv,"} <= set(table.split())
    code = field_of(an_interface(Kind.STRING, schema={"pattern": "^[A-Z]+$"}), is_required=True)["description"]
    assert code == "What was found. Must match ^[A-Z]+$."
    shown = ComponentInterfaceExampleValue(value={"unit": "ml"})
    anything = field_of(an_interface(Kind.ANY, example_value=shown, relative_path="a.json"), is_required=True)
    assert anything["description"].endswith('such as {"unit": "ml"}')


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"minimum": 1, "maximum": 99}, "At least 1 and at most 99."),
        ({"minimum": 1}, "At least 1."),
        ({"exclusiveMinimum": 0, "maximum": 1.5}, "Above 0 and at most 1.5."),
    ],
)
def test_the_bounds_of_a_number_are_told(schema, words):
    description = field_of(an_interface(Kind.FLOAT, schema=schema), is_required=True)["description"]
    assert description == f"What was found. {words}"


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Kind.INTEGER, 7, {"default": 7}),
        (Kind.BOOL, True, {"default": True, "type": "boolean"}),
        (Kind.CHOICE, "T1", {"default": "T1"}),
        (Kind.MULTIPLE_CHOICE, ["T1"], {"description": 'What was found. Unless given: ["T1"]'}),
        (Kind.CHART, {}, {"description": "What was found. Chart: a Vega-Lite v5 specification. Unless given: {}"}),
    ],
)  # fmt: skip
def test_a_default_stands_in_the_field_or_is_told(kind, value, shown):
    field = with_default(field_of(an_interface(kind), is_required=False), value)
    assert shown.items() <= field.items()
    assert ("default" in field) == ("default" in shown)


def test_the_extension_of_each_file_kind_is_named():
    for kind in InterfaceKind.interface_type_file():
        assert KIND_FACTS[kind].extension in field_of(an_interface(kind), is_required=True)["description"]
