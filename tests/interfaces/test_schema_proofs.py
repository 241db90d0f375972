from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interfaces.json_schema_checks import check_schema, compiled
from interfaces.schema_proofs import why_unproven

DRAFT_4 = {"$schema": "http://json-schema.org/draft-04/schema#"}
DRAFT_6 = {"$schema": "http://json-schema.org/draft-06/schema#"}
CLOSED = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}

PROVEN: list[tuple[Any, Any]] = [
    ({}, {}),
    ({}, True),
    (False, {"type": "string"}),
    ({"type": "string", "allOf": [{"type": "null"}]}, {"type": "integer"}),
    ({"type": "integer"}, {"type": "number"}),
    ({"type": "integer"}, {"type": ["number", "null"]}),
    ({"type": ["integer", "null"]}, {"type": ["null", "number", "string"]}),
    ({"type": "string"}, {"minimum": 5}),
    ({"type": "string"}, {"required": ["a"], "items": False}),
    ({"const": "a"}, {"type": "string", "maxLength": 1, "pattern": "^a$"}),
    ({"enum": [1, 2.0, None]}, {"type": ["integer", "null"]}),
    ({"enum": ["a", "b"]}, {"enum": ["c", "b", "a"]}),
    ({"type": "boolean"}, {"enum": [True, False]}),
    ({"type": "null"}, {"const": None}),
    ({"minimum": 2}, {"minimum": 1}),
    ({"minimum": 2}, {"minimum": 2}),
    ({"minimum": 2}, {"exclusiveMinimum": 1}),
    ({"exclusiveMinimum": 2}, {"minimum": 2}),
    ({"exclusiveMinimum": 2}, {"exclusiveMinimum": 2}),
    ({"maximum": 2}, {"exclusiveMaximum": 2.5}),
    ({"exclusiveMaximum": 2}, {"maximum": 2}),
    ({"minLength": 3, "maxLength": 4}, {"minLength": 2, "maxLength": 5}),
    ({"minItems": 3, "maxItems": 3}, {"minItems": 1, "maxItems": 9}),
    ({"maxItems": 1}, {"uniqueItems": True}),
    ({"required": ["a", "b"]}, {"required": ["b"]}),
    ({"required": ["a", "b"]}, {"minProperties": 2}),
    ({"pattern": "^a+$"}, {"pattern": "^a+$"}),
    ({"properties": {"a": {"type": "integer"}}}, {"properties": {"a": {"type": "number"}}}),
    ({"additionalProperties": {"type": "integer"}}, {"properties": {"a": {"type": "number"}}}),
    (CLOSED, {"properties": {"b": False}}),
    (CLOSED, {"additionalProperties": {"type": "number"}}),
    (CLOSED, {"properties": {"a": True, "c": True}, "additionalProperties": False}),
    ({"items": {"type": "integer"}}, {"items": {"type": "number"}}),
    ({"items": [{"type": "integer"}], "additionalItems": {"const": 1}}, {"items": {"type": "integer"}}),
    ({"items": {"type": "integer"}}, {"items": [{"type": "number"}], "additionalItems": {"type": "number"}}),
    ({"items": [{"type": "integer"}], "maxItems": 1}, {"items": {"type": "number"}}),
    ({"allOf": [{"minimum": 2}, {"type": "integer"}]}, {"type": "number", "minimum": 1}),
    ({"minimum": 2}, {"allOf": [{"minimum": 1}, {"exclusiveMinimum": 0}]}),
    ({"type": "integer"}, {"anyOf": [{"type": "string"}, {"type": "number"}]}),
    ({"oneOf": [{"minimum": 1}, {"type": "string"}]}, {"oneOf": [{"minimum": 1}, {"type": "string"}]}),
    ({"not": {"const": 1}, "type": "integer"}, {"not": {"const": 1}}),
    ({"if": {"minimum": 1}, "then": {"maximum": 3}, "type": "integer"}, {"if": {"minimum": 1}, "then": {"maximum": 3}}),
    ({"type": "integer"}, {"title": "Age", "description": "In years", "default": "none", "examples": ["x"]}),
    ({"type": "string"}, {"type": "string", "format": "date-time"}),
    ({**DRAFT_6, "type": "integer"}, {"type": "number"}),
    ({**DRAFT_4, "type": "integer"}, {**DRAFT_4, "type": "integer"}),
    ({"enum": (1, 2)}, {"enum": (2, 1)}),
]

UNPROVEN: list[tuple[Any, Any, str]] = [
    ({}, False, "it is not allowed"),
    ({}, {"type": "string"}, "it may be of any type"),
    ({"type": "number"}, {"type": "integer"}, "it may be of type number"),
    ({"type": "integer"}, {"type": "string"}, "it may be of type integer"),
    ({"enum": [1, "x"]}, {"type": "integer"}, 'it may be "x"'),
    ({"enum": [1, True]}, {"enum": [1]}, "it may be true"),
    ({"type": "integer"}, {"enum": [1, 2]}, "something other than [1, 2]"),
    ({"type": "boolean"}, {"const": True}, "it may be false"),
    ({"minimum": 1}, {"minimum": 2}, "it may be less than 2"),
    ({"minimum": 2}, {"exclusiveMinimum": 2}, "it may be as little as 2"),
    ({"type": "integer"}, {"maximum": 2}, "it may be more than 2"),
    ({"maximum": 2}, {"exclusiveMaximum": 2}, "it may be as much as 2"),
    ({"type": "string"}, {"maxLength": 3}, "it may have more than 3 characters"),
    ({"type": "array"}, {"minItems": 1}, "it may have fewer than 1 items"),
    ({"type": "array"}, {"uniqueItems": True}, "it may have equal items"),
    ({"type": "string"}, {"pattern": "a"}, "it is not sure to satisfy 'pattern'"),
    ({"type": "object"}, {"required": ["a"]}, "it may lack the key 'a'"),
    ({"type": "object"}, {"properties": {"a": {"type": "string"}}}, "a may be of any type"),
    ({"type": "object", "required": ["a"]}, {"properties": {"a": {"properties": {"b": False}}}}, "a.b is not allowed"),
    (CLOSED, {"additionalProperties": {"type": "string"}}, "a may be of type integer"),
    ({"properties": {"a": True}}, {"properties": {"a": True}, "additionalProperties": False}, "(another key)"),
    (
        {"patternProperties": {"^b": {}}, "additionalProperties": False},
        {"additionalProperties": False},
        "(another key) is not allowed",
    ),
    ({"items": {"type": "number"}}, {"items": {"type": "integer"}}, "it[] may be of type number"),
    ({"items": [{}, {"type": "string"}]}, {"items": [{}, {"type": "null"}]}, "it[1] may be of type string"),
    ({"items": [{"const": 1}]}, {"items": {"const": 1}}, "it[] may be something other than 1"),
    ({"items": [True]}, {"items": [True], "additionalItems": False}, "it[] is not allowed"),
    ({"type": "integer"}, {"oneOf": [{"type": "integer"}, {"type": "string"}]}, "'oneOf'"),
    ({"type": "integer"}, {"not": {"type": "string"}}, "'not'"),
    ({"if": {"minimum": 1}, "then": {"maximum": 3}}, {"if": {"minimum": 1}, "then": {"maximum": 2}}, "'if'"),
    ({"$ref": "#/definitions/x", "type": "string", "definitions": {"x": {}}}, {"type": "string"}, "may be of any type"),
    ({"type": "integer"}, {"$ref": "#/definitions/x", "definitions": {"x": True}}, "$ref"),
    # A whole number such as 1.0 is an integer since draft 6 only.
    ({"type": "integer"}, {**DRAFT_4, "type": "integer"}, "draft 3 or 4"),
    # Drafts before 6 don't know "const".
    ({**DRAFT_4, "const": 1}, {"const": 1}, "something other than 1"),
    ({"properties": {"a": {**DRAFT_4, "const": 1}}}, {"properties": {"a": {"const": 1}}}, "one draft holds for all"),
]


@pytest.mark.parametrize(("known", "wanted"), PROVEN)
def test_what_follows_is_proven(known, wanted):
    assert why_unproven([known], wanted) is None


@pytest.mark.parametrize(("known", "wanted", "reason"), UNPROVEN)
def test_what_does_not_follow_has_a_reason(known, wanted, reason):
    assert reason in why_unproven([known], wanted)


def test_all_that_is_known_is_used_together():
    known = [{"type": "object"}, {"required": ["a"]}, {"properties": {"a": {"type": "integer"}}}]
    wanted = {"type": "object", "required": ["a"], "properties": {"a": {"type": "number"}}}
    assert why_unproven(known, wanted) is None


def test_an_invalid_schema_proves_nothing():
    assert "not valid" in why_unproven([{}], {"type": "integr"})
    assert "not valid" in why_unproven([{"type": "integr"}], {})


SCALARS = [None, True, False, -1, 0, 1, 1.0, 1.5, 2, 3, 10**20, "", "a", "ab", "abc"]
LISTS = [list(items) for size in range(3) for items in itertools.product([None, 0, 1, "a", [1]], repeat=size)]
OBJECTS = [
    dict(zip(keys, values, strict=True))
    for keys in ((), ("a",), ("b",), ("c",), ("a", "b"))
    for values in itertools.product([None, 1, 2, "a", [1], {"a": 1}], repeat=len(keys))
]
VALUES = [*SCALARS, *LISTS, [1, 1, 1], [1, 2, 3], [{"a": 1}], *OBJECTS, {"a": 1, "b": 2, "c": 3}]

small = st.integers(0, 3)
names = st.sampled_from("abc")
values = st.sampled_from([*SCALARS, [], [1], {}, {"a": 1}])
types = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])


def _keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(inner, min_size=1, max_size=2)
    by_name = st.dictionaries(names, inner, max_size=2)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": types | st.lists(types, min_size=1, max_size=3, unique=True),
            "enum": st.lists(values, min_size=1, max_size=3),
            "const": values,
            "minimum": small,
            "exclusiveMinimum": small,
            "maximum": small,
            "exclusiveMaximum": small,
            "multipleOf": st.integers(1, 2),
            "minLength": small,
            "maxLength": small,
            "pattern": st.sampled_from(["a", "^a?$"]),
            "minItems": small,
            "maxItems": small,
            "uniqueItems": st.booleans(),
            "items": inner | several,
            "additionalItems": inner,
            "contains": inner,
            "required": st.lists(names, max_size=2, unique=True),
            "properties": by_name,
            "additionalProperties": inner,
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=1),
            "propertyNames": inner,
            "minProperties": small,
            "maxProperties": small,
            "allOf": several,
            "anyOf": several,
            "oneOf": several,
            "not": inner,
            "if": inner,
            "then": inner,
            "title": st.just("x"),
        },
    ).flatmap(
        lambda full: (
            st.sets(st.sampled_from(sorted(full)), max_size=3).map(lambda keys: {k: full[k] for k in keys})
            if full
            else st.just(full)
        )
    )


schemas = st.recursive(st.booleans() | types.map(lambda name: {"type": name}), _keywords, max_leaves=6)


@st.composite
def related(draw: st.DrawFn) -> tuple[Any, Any]:
    """Two schemas, the second often a part or a variation of the first, so that it often follows."""
    known = draw(schemas)
    wanted = draw(schemas)
    if isinstance(known, dict) and draw(st.booleans()):
        keys = draw(st.sets(st.sampled_from(sorted(known)))) if known else set()
        part = {key: known[key] for key in keys}
        wanted = {**(wanted if isinstance(wanted, dict) and draw(st.booleans()) else {}), **part}
    return known, wanted


def _fits(value: Any, schema: Any) -> bool:
    return compiled(schema).fast.is_valid(value)


def _hold_against_values(known: Any, wanted: Any) -> None:
    for value in VALUES:
        if _fits(value, known):
            assert _fits(value, wanted), value


@settings(deadline=None, max_examples=150)
@given(pair=related())
def test_what_is_proven_holds_for_every_value_that_was_tried(pair):
    known, wanted = pair
    check_schema(known)
    check_schema(wanted)
    if why_unproven([known], wanted) is None:
        _hold_against_values(known, wanted)


@pytest.mark.parametrize(("known", "wanted"), PROVEN)
def test_the_examples_of_proofs_hold(known, wanted):
    _hold_against_values(known, wanted)
