from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from schema_strategies import VALUES, related

from interfaces.json_schema_checks import compiled
from interfaces.schema_knowledge import TYPES
from interfaces.schema_proofs import why_unproven

DRAFT_4 = {"$schema": "http://json-schema.org/draft-04/schema#"}
DRAFT_6 = {"$schema": "http://json-schema.org/draft-06/schema#"}
CLOSED = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}

TREE = {"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}}

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
    ({"type": "integer"}, {"$ref": "#/definitions/x", "definitions": {"x": True}}),
    ({"$ref": "#/definitions/x", "definitions": {"x": {"minimum": 2}}}, {"minimum": 1}),
    (
        {
            "properties": {"a": {"$ref": "#/definitions/a~1b"}},
            "definitions": {"a/b": {"$ref": "#/definitions/c%20"}, "c ": {"type": "integer"}},
        },
        {"properties": {"a": {"$ref": "#/definitions/n"}}, "definitions": {"n": {"type": "number"}}},
    ),
    (TREE, TREE),
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
    ({"items": {"type": "number"}}, {"items": {"type": "integer"}}, "[*] may be of type number"),
    ({"items": [{}, {"type": "string"}]}, {"items": [{}, {"type": "null"}]}, "[1] may be of type string"),
    ({"items": [{"const": 1}]}, {"items": {"const": 1}}, "[*] may be something other than 1"),
    ({"items": [True]}, {"items": [True], "additionalItems": False}, "[*] is not allowed"),
    ({"type": "integer"}, {"oneOf": [{"type": "integer"}, {"type": "string"}]}, "'oneOf'"),
    ({"type": "integer"}, {"not": {"type": "string"}}, "'not'"),
    ({"if": {"minimum": 1}, "then": {"maximum": 3}}, {"if": {"minimum": 1}, "then": {"maximum": 2}}, "'if'"),
    ({"$ref": "#/definitions/x", "type": "string", "definitions": {"x": {}}}, {"type": "string"}, "may be of any type"),
    ({"$ref": "#/definitions/x", "definitions": {"x": True}}, {"type": "integer"}, "may be of any type"),
    (
        {"type": "integer"},
        {"$ref": "#/definitions/x", "definitions": {"x": {"type": "null"}}},
        "may be of type integer",
    ),
    ({"type": "array"}, {"items": {"$ref": "#"}, "maxItems": 1}, "refers to itself by $ref"),
    ({"type": "object"}, TREE, "refers to itself by $ref"),
    # To draft 6 "if" is a remark.
    ({**DRAFT_6, "if": True, "then": {"maximum": 3}, "type": "integer"}, {"if": True, "then": {"maximum": 3}}, "'if'"),
    ({"type": "integer"}, {**DRAFT_6, "not": {"if": True, "then": False}}, "draft 3 or 4"),
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
    if why_unproven([known], wanted) is None:
        _hold_against_values(known, wanted)


@pytest.mark.parametrize(("known", "wanted"), PROVEN)
def test_the_examples_of_proofs_hold(known, wanted):
    _hold_against_values(known, wanted)


@pytest.mark.parametrize(("known", "wanted"), [pair[:2] for pair in UNPROVEN])
def test_a_schema_that_has_references_to_itself_only_is_proven_as_if_it_had_none(known, wanted):
    within = {"$ref": "#/definitions/w", "definitions": {"w": wanted}}
    if "$schema" not in str(wanted) and "'$ref': '#'" not in str(wanted) and "definitions" not in str(wanted):
        assert why_unproven([known], within) == why_unproven([known], wanted)


def _wrapped(schema: Any) -> list[Any]:
    """A schema in each place where another may ask for it."""
    return [
        {"items": schema},
        {"items": [True, schema]},
        {"items": [schema], "additionalItems": schema},
        {"items": [schema], "maxItems": 1},
        {"properties": {"a": schema}},
        {"properties": {"a": schema}, "additionalProperties": False},
        {"properties": {"b": True}, "additionalProperties": schema},
        {"patternProperties": {"^a": schema}, "additionalProperties": False},
        {"allOf": [{"type": ["integer", "string"]}, schema]},
        {"anyOf": [{"type": "null"}, schema]},
        {"not": schema},
        {"if": schema, "then": {"maximum": 1}},
        {**DRAFT_6, "if": schema, "then": {"maximum": 1}},
        {"$ref": "#/definitions/a", "definitions": {"a": schema}},
    ]


def _many_schemas() -> list[Any]:
    bounds = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    sizes = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
    alone: list[Any] = [{key: number} for key in (*bounds, *sizes) for number in (1, 2)]
    alone += [{"type": name} for name in TYPES] + [{"type": ["integer", "string"]}]
    alone += [
        {"const": 1},
        {"const": "a"},
        {"enum": [1, "a"]},
        {"enum": [0, 1.5]},
        {"multipleOf": 2},
        {"pattern": "^a?$"},
    ]
    alone += [
        {"pattern": "^a?$"},
        {"required": ["a"]},
        {"required": ["a", "b"]},
        {"uniqueItems": True},
        {"contains": {"const": 1}},
    ]
    alone += [{"dependencies": {"a": ["b"]}}, {"propertyNames": {"maxLength": 1}}, {**DRAFT_4, "type": "integer"}]
    inner: list[Any] = [False, {"type": "integer"}, {"type": "number"}, {"minimum": 1}, {"minimum": 2}, {"maximum": 1}]
    within = [one for schema in [*inner, {"enum": [1, "a"]}] for one in _wrapped(schema)]
    both = [{"type": "integer", key: number} for key in bounds for number in (1, 2)]
    return [True, False, *alone, *both, *within]


def test_no_proof_among_many_pairs_is_contradicted_by_a_value():
    schemas = _many_schemas()
    valid = [frozenset(n for n, value in enumerate(VALUES) if _fits(value, schema)) for schema in schemas]
    proven = 0
    for (known, holds), (wanted, asked) in itertools.product(zip(schemas, valid, strict=True), repeat=2):
        if why_unproven([known], wanted) is None:
            assert holds <= asked, (known, wanted, [VALUES[n] for n in holds - asked][:3])
            proven += 1
    assert proven > 2 * len(schemas)


@pytest.mark.soak
@settings(deadline=None, max_examples=20_000)
@given(pair=related())
def test_what_is_proven_holds_for_every_value_over_many_schemas(pair):
    known, wanted = pair
    if why_unproven([known], wanted) is None:
        _hold_against_values(known, wanted)
