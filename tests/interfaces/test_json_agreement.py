"""jsonschema and jsonschema-rs give the same verdict on examples of every kind that are changed at random."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interfaces.errors import ValidationError
from interfaces.json_examples import INTERFACE_TYPE_JSON_EXAMPLES
from interfaces.json_schema_checks import compiled
from interfaces.json_schemas import kind_schema
from interfaces.json_validation import validate_json
from interfaces.kinds import InterfaceKind, InterfaceKindChoices

junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([1.0, 0.5, 1.2, -0.0, 1e300, 2**70, -(2**70)]),
    st.sampled_from(["", "a", "Point", "Angle", "2D bounding box", "bar", "nominal"]),
    st.sampled_from([[], {}, [1, 2, 3], [[1, 2, 3]] * 2, {"major": 1.0, "minor": 0}, {"field": "a"}]),
).map(copy.deepcopy)
keys = st.sampled_from(["name", "type", "probability", "version", "extra", "lines", "point", "mark", "title", "", "é"])


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of the value itself and of all its parts."""
    found = [path]
    if isinstance(value, (dict, list)):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(part, (*path, key))
    return found


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """The value after one to three changes."""
    value = [copy.deepcopy(value)]  # so that the value itself has a place that can be written to
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(places(value[0], (0,))))
        holder = value
        for part in way:
            holder = holder[part]
        part = holder[last]
        match draw(st.sampled_from(["replace", "remove", "add", "double"])):
            case "remove" if way:
                del holder[last]
            case "add" if isinstance(part, dict):
                part[draw(keys)] = draw(junk)
            case "add" if isinstance(part, list):
                part.append(draw(junk))
            case "double" if isinstance(holder, list) and way:
                holder.append(copy.deepcopy(part))
            case _:
                holder[last] = draw(junk)
    return value[0]


def verdict(value: Any, kind: InterfaceKindChoices, schema: Any = None) -> str:
    try:
        validate_json(value, kind=kind, schema=schema)
    except ValidationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", sorted(InterfaceKind.interface_type_json()))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_agree_on_every_kind(kind: InterfaceKindChoices, data: st.DataObject) -> None:
    value = data.draw(changed(INTERFACE_TYPE_JSON_EXAMPLES[kind].value))
    line = verdict(value, kind)
    assert (line == "") == jsonschema.Draft7Validator(kind_schema(kind)).is_valid(value)
    assert "\n" not in line
    assert not line.startswith("the value does not fit its schema")


SCHEMAS: list[Any] = [
    {"type": "integer"},
    {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    {"enum": [1, "a", None, [1, 2, 3], {"major": 1, "minor": 0}]},
    {"type": "object", "required": ["name"], "properties": {"name": {"minLength": 1}}},
    {"items": {"type": "number"}, "minItems": 1, "uniqueItems": True},
    {"items": [{"type": "integer"}], "additionalItems": {"type": "string"}},
    {"additionalProperties": {"anyOf": [{"type": "string"}, {"$ref": "#"}]}, "maxProperties": 3},
    {"not": {"type": "object", "required": ["extra"]}},
    {"oneOf": [{"type": "integer"}, {"multipleOf": 0.5}]},
    {"dependencies": {"name": ["type"], "type": {"minProperties": 2}}},
    {"allOf": [{"definitions": {"a": {"type": "array"}}}, {"type": ["array", "object", "string"]}]},
]


@pytest.mark.parametrize("draft", [4, 6, 7])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_agree_on_custom_schemas_of_every_draft(draft: int, data: st.DataObject) -> None:
    schema = {"$schema": f"http://json-schema.org/draft-0{draft}/schema#", **data.draw(st.sampled_from(SCHEMAS))}
    value = data.draw(changed([1, "a", {"name": "b", "type": None}]) | changed({"name": "a", "type": "b"}) | junk)
    known = compiled(schema)
    assert known.fast is not None
    assert known.fast.is_valid(value) == known.explaining.is_valid(value)
    assert (verdict(value, InterfaceKindChoices.ANY, schema) == "") == known.fast.is_valid(value)
