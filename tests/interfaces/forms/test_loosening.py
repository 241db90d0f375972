"""Whatever a schema takes, the form made of it takes; and it shows what a form can."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prefect.utilities.schema_tools import is_valid_schema, validate
from schema_strategies import VALUES, related, values_for

from interfaces.forms.loosening import MAX_FIELDS, loosened
from interfaces.json_schema_checks import compiled

POINT = {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3, "description": "x, y, z in mm."}


def errors(value, field):
    schema = {"type": "object", "properties": {"value": field}, "required": ["value"]}
    return validate({"value": value}, schema)


@settings(max_examples=80, deadline=None)
@given(pair=related(), data=st.data())
def test_no_value_that_fits_is_refused_by_the_form(pair, data):
    for schema in pair:
        field = loosened(schema)
        is_valid_schema({"type": "object", "properties": {"value": field}})
        fits = compiled(schema)
        for value in [data.draw(values_for(schema)), *VALUES[::7]]:
            if (fits.fast or fits.explaining).is_valid(value):
                assert not errors(value, field), (schema, field, value)


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 9}, {"type": "integer", "minimum": 1, "maximum": 9}),
        ({"type": "number", "exclusiveMinimum": 0}, {"type": "number", "exclusiveMinimum": 0}),
        # As in draft 4, which is no schema any more.
        ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, {"type": "number", "minimum": 0}),
        ({"enum": ["left", "right"]}, {"type": "string", "enum": ["left", "right"]}),
        ({"type": "integer", "enum": [1, 2]}, {"enum": [1, 2]}),
        ({"type": "boolean"}, {"enum": [True, False]}),
        ({"type": "array", "items": {"type": "string"}},
         {"type": "array", "minItems": 0, "items": {"type": "string", "title": "Item"}}),
        # What no field can show is written as JSON.
        ({"enum": ["left", None]}, {}),
        ({"type": ["string", "null"]}, {}),
        ({"type": "object"}, {}),
        ({"type": "object", "properties": {"a": {}}, "required": ["b"]}, {}),
        ({"anyOf": [{"type": "string"}, {"type": "number"}]}, {}),
        ({"type": "array", "items": [{"type": "string"}]}, {"items": {}}),
        (True, {}),
        (False, {}),
    ],
)  # fmt: skip
def test_each_schema_has_its_field(schema, field):
    assert loosened(schema) == field


def test_an_object_is_a_box_with_labels_in_the_order_that_was_written():
    field = loosened({"type": "object", "properties": {"z_axis": {"type": "number"}, "a": {"type": "string"}}})
    assert {name: (one["title"], one["position"]) for name, one in field["properties"].items()} == {
        "z_axis": ("Z axis", 0),
        "a": ("A", 1),
    }


def test_coordinates_are_written_as_json_and_a_sample_shows_how():
    box = loosened({"type": "object", "properties": {"ends": {"type": "array", "items": POINT, "minItems": 2}}})
    ends = box["properties"]["ends"]
    assert "type" not in ends
    assert ends["description"] == "x, y, z in mm. As JSON, such as [[0, 0, 0], [0, 0, 0]]"
    assert errors([[0, 0, 0]], ends)
    assert errors([[0, 0, 0], [0, 0, "a"]], ends)
    assert not errors([[0, 0, 0], [0.5, 0, 1]], ends)


def test_what_is_within_an_optional_box_is_optional_too():
    inner = {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}
    schema = {"type": "object", "properties": {"maybe": inner, "surely": inner}, "required": ["surely"]}
    field = loosened(schema)
    assert "required" not in field["properties"]["maybe"]
    assert field["properties"]["surely"]["required"] == ["x"]


def test_a_schema_that_refers_to_itself_or_grows_without_end_ends():
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}}
    assert set(loosened(tree)["properties"]) == {"left", "right"}
    doubled = {
        f"d{n}": {"type": "object", "properties": {side: {"$ref": f"#/definitions/d{n + 1}"} for side in "ab"}}
        for n in range(20)
    }
    field = loosened({"definitions": doubled | {"d20": {"type": "string"}}, "$ref": "#/definitions/d0"})
    assert str(field).count("'title'") <= MAX_FIELDS
