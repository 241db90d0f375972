from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schema_strategies import VALUES, schemas

from interfaces.json_schema_checks import compiled
from interfaces.json_schemas import kind_schema
from interfaces.kinds import InterfaceKind
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.schema_references import MAX_PARTS, without_references

INTEGER = {"type": "integer"}


@pytest.mark.parametrize(
    ("schema", "plain"),
    [
        (True, True),
        ({"minimum": 1}, {"minimum": 1}),
        ({"$ref": "#/definitions/a", "definitions": {"a": INTEGER}}, INTEGER),
        ({"$ref": "#/definitions/a", "minimum": 7, "definitions": {"a": INTEGER}}, INTEGER),
        ({"items": {"$ref": "#/definitions/a"}, "definitions": {"a": INTEGER}}, {"items": INTEGER}),
        ({"items": [{"$ref": "#/definitions/a"}, True], "definitions": {"a": INTEGER}}, {"items": [INTEGER, True]}),
        ({"anyOf": [INTEGER, {"$ref": "#/anyOf/0"}]}, {"anyOf": [INTEGER, INTEGER]}),
        ({"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#/definitions/b"}, "b": INTEGER}}, INTEGER),
        ({"$ref": "#/definitions/a~1b~0c%25", "definitions": {"a/b~c%": INTEGER}}, INTEGER),
        ({"$ref": "#/definitions/a", "definitions": {"a": False}}, False),
        ({"dependencies": {"a": ["b"], "b": INTEGER}}, {"dependencies": {"a": ["b"], "b": INTEGER}}),
        # What is no schema only looks like a reference.
        ({"const": {"$ref": "#/definitions/a"}}, {"const": {"$ref": "#/definitions/a"}}),
        ({"properties": {"$ref": INTEGER}}, {"properties": {"$ref": INTEGER}}),
        ({"properties": {"definitions": INTEGER}}, {"properties": {"definitions": INTEGER}}),
    ],
)
def test_what_a_reference_leads_to_stands_in_its_place(schema, plain):
    assert without_references(schema) == plain


@pytest.mark.parametrize(
    "schema",
    [
        {"items": {"$ref": "#"}},
        {"properties": {"a": {"$ref": "#/properties/a"}}},
        {"items": {"$ref": "#named"}, "definitions": {"a": {"$id": "#named", "type": "integer"}}},
        {"items": {"$id": "http://a.example/b", "items": {"$ref": "#/definitions/a"}, "definitions": {"a": INTEGER}}},
    ],
)
def test_a_reference_that_leads_back_or_by_an_address_is_kept(schema):
    assert "$ref" in str(without_references(schema))


def test_references_that_double_with_each_step_end_in_the_schema_as_it_was():
    many: dict[str, Any] = {f"d{n}": {"allOf": [{"$ref": f"#/definitions/d{n - 1}"}] * 2} for n in range(1, 60)}
    schema = {"$ref": "#/definitions/d59", "definitions": {"d0": INTEGER, **many}}
    assert without_references(schema) is schema
    assert MAX_PARTS < 2**59


@pytest.mark.parametrize("kind", sorted(InterfaceKind.interface_type_json() - {Kind.CHART}))
def test_the_schemas_of_the_kinds_need_no_references(kind):
    assert "$ref" not in str(without_references(kind_schema(kind)))


@st.composite
def with_references(draw: st.DrawFn) -> dict[str, Any]:
    """A schema of which some parts are said by reference, also to one another and to themselves."""
    parts = [draw(schemas) for _ in range(3)]
    references = [{"$ref": f"#/definitions/d{n}"} for n in range(3)]
    definitions: dict[str, Any] = {}
    for number, part in enumerate(parts):
        key = draw(st.sampled_from(["allOf", "anyOf", "items", "additionalProperties", "none"]))
        other = draw(st.sampled_from(references[: max(number, 1)]))
        within = {key: [part, other]} if key in ("allOf", "anyOf") else part
        if key in ("items", "additionalProperties"):
            within = {key: draw(st.sampled_from(references))}
        definitions[f"d{number}"] = part if number == 0 and key in ("allOf", "anyOf") else within
    return {**draw(st.sampled_from(references)), "definitions": definitions}


@settings(deadline=None, max_examples=150)
@given(schema=with_references())
def test_the_same_values_satisfy_it_without_references(schema):
    plain = without_references(schema)
    if "$ref" in str(plain):
        plain = {**plain, "definitions": schema["definitions"]} if isinstance(plain, dict) else plain
    for value in VALUES:
        assert compiled(schema).fast.is_valid(value) == compiled(plain).fast.is_valid(value), value
