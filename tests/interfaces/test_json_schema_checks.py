"""Custom schemas: which are taken."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from interfaces.errors import ValidationError
from interfaces.json_schema_checks import MAX_SCHEMA_DEPTH, check_schema, compiled
from interfaces.json_validation import validate_json
from interfaces.kinds import InterfaceKindChoices

DRAFTS = {number: f"http://json-schema.org/draft-0{number}/schema#" for number in (3, 4, 6, 7)}


def refusal(schema: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        check_schema(schema)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("draft", DRAFTS.values())
def test_drafts_3_4_6_and_7_are_taken(draft: str) -> None:
    schema = {"$schema": draft, "type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}}
    check_schema(schema)
    assert compiled(schema).explaining.is_valid({"a": 1})
    assert not compiled(schema).explaining.is_valid({"a": 0})


@pytest.mark.parametrize(
    "spelling", ["http://json-schema.org/draft-07/schema", "https://json-schema.org/draft-07/schema#"]
)
def test_the_address_of_a_draft_may_be_spelt_in_several_ways(spelling: str) -> None:
    check_schema({"$schema": spelling, "if": True, "then": False})


@pytest.mark.parametrize("schema", [{}, True, False, {"type": "string"}, {"const": 1}])
def test_without_a_draft_a_schema_is_draft_7(schema: Any) -> None:
    check_schema(schema)


@pytest.mark.parametrize(
    "draft",
    [
        "https://json-schema.org/draft/2020-12/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/schema#",
        "http://example.com/draft-07/schema",
        "",
        7,
        None,
        ["http://json-schema.org/draft-07/schema#"],
    ],
)
def test_other_drafts_are_refused_with_those_that_are_taken(draft: Any) -> None:
    message = refusal({"$schema": draft})
    assert "is not supported; use one of" in message
    assert all(known in message for known in DRAFTS.values())


@pytest.mark.parametrize("schema", [None, [], "{}", 1, 1.5])
def test_a_schema_is_an_object(schema: Any) -> None:
    assert "a JSON Schema is an object" in refusal(schema)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "strin"}, "type: 'strin'"),
        ({"properties": {"a": {"minimum": "1"}}}, "properties.a.minimum: '1' is not of type 'number'"),
        ({"required": "a"}, "required: 'a' is not of type 'array'"),
        ({"properties": []}, "properties: [] is not of type 'object'"),
        ({"items": {"enum": 1}}, "items: {'enum': 1}"),
        ({"minLength": -1}, "minLength"),
        ({"pattern": "("}, "pattern"),
        ({"patternProperties": {"[": {}}}, "["),
        ({"$schema": DRAFTS[3], "pattern": "("}, "pattern"),
        ({"$schema": DRAFTS[3], "patternProperties": {"[": {}}}, "["),
        ({"$schema": DRAFTS[3], "required": ["a"]}, "required"),
        ({"$schema": DRAFTS[4], "exclusiveMinimum": 1}, "exclusiveMinimum"),
        ({"$schema": DRAFTS[6], "exclusiveMinimum": True}, "exclusiveMinimum"),
        ({"$ref": 1}, "$ref"),
        ({"default": float("nan")}, "nan is not a JSON number"),
        ({"const": b"x"}, "bytes"),
    ],
)
def test_an_invalid_schema_is_refused_with_the_path_into_it(schema: Any, words: str) -> None:
    message = refusal(schema)
    assert message.startswith("the JSON Schema is not valid: ")
    assert words in message


@pytest.mark.parametrize(
    "reference",
    [
        "http://localhost:1/schema.json",
        "https://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-07/schema#",
        "file:///etc/passwd",
        "other.json",
        "other.json#/definitions/a",
        "//host/share",
        "urn:uuid:12345678",
        "/absolute",
        "?",
    ],
)
@pytest.mark.parametrize("draft", DRAFTS.values())
@pytest.mark.parametrize("place", ["top", "deep"])
def test_a_reference_to_anything_else_is_refused(
    reference: str, draft: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: Any, **__: Any) -> None:
        raise AssertionError("a reference was looked up")

    monkeypatch.setattr(socket, "socket", no_network)
    within: dict[str, Any] = {"$ref": reference}
    schema = within if place == "top" else {"properties": {"a": {"items": [{"extends": within, "not": within}]}}}
    assert "points outside the schema" in refusal({"$schema": draft, **schema})


@pytest.mark.parametrize("draft", DRAFTS.values())
def test_a_reference_that_leads_nowhere_is_refused(draft: str) -> None:
    assert "/definitions/b" in refusal({"$schema": draft, "properties": {"a": {"$ref": "#/definitions/b"}}})


HIDDEN = {"items": {"$ref": "#/hidden"}}


@pytest.mark.parametrize("draft", DRAFTS.values())
@pytest.mark.parametrize(
    ("hidden", "words"),
    [
        ({"$ref": "http://localhost:1/x.json"}, "points outside the schema"),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "points outside the schema"),
        ({"$ref": "#/nowhere"}, "leads nowhere"),
        ({"type": "foo"}, "foo"),
        ({"pattern": "("}, "pattern"),
        (5, "5 is not of type 'object'"),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema"}, "one draft holds for all of it"),
    ],
)
def test_what_stands_where_only_references_find_it_is_checked_as_well(draft: str, hidden: Any, words: str) -> None:
    assert words in refusal({"$schema": draft, **HIDDEN, "hidden": hidden})


@pytest.mark.parametrize("draft", DRAFTS.values())
def test_a_sound_part_that_only_references_find_is_followed(draft: str) -> None:
    schema = {"$schema": draft, **HIDDEN, "hidden": {"pattern": "^(a+)+$"}}
    validate_json(["aa"], kind=InterfaceKindChoices.ANY, schema=schema)
    with pytest.raises(ValidationError, match=r"\[0\]: 'aaaa.* does not match"):
        validate_json(["a" * 50 + "!"], kind=InterfaceKindChoices.ANY, schema=schema)


@pytest.mark.parametrize("draft", DRAFTS.values())
def test_one_draft_holds_for_all_of_a_schema(draft: str) -> None:
    check_schema({"$schema": draft, "properties": {"a": {"$schema": draft}}})
    for other in {*DRAFTS.values()} - {draft}:
        assert "one draft holds for all of it" in refusal({"$schema": draft, "properties": {"a": {"$schema": other}}})
    for unknown in ("https://json-schema.org/draft/2020-12/schema", "http://localhost:1/meta"):
        assert "is not supported" in refusal({"$schema": draft, "properties": {"a": {"$schema": unknown}}})


@pytest.mark.parametrize("draft", DRAFTS.values())
def test_keywords_of_later_drafts_are_remarks(draft: str) -> None:
    schema = {
        "$schema": draft,
        "$anchor": "here",
        "$dynamicRef": "http://localhost:1/x",
        "$recursiveRef": "http://localhost:1/x",
        "dependentRequired": {"a": ["b"]},
        "prefixItems": [{"type": "integer"}],
        "unevaluatedProperties": False,
    }
    for value in ({"a": 1}, ["x"]):
        validate_json(value, kind=InterfaceKindChoices.ANY, schema=schema)


@pytest.mark.parametrize("number", DRAFTS)
def test_the_address_of_a_schema_is_what_its_draft_calls_so(number: int) -> None:
    own, other = ("id", "$id") if number < 6 else ("$id", "id")
    name = "http://json-schema.org/draft-07/schema"  # that of a schema which the libraries know
    schema = {"$schema": DRAFTS[number], "items": {"$ref": f"{name}#/definitions/a"}, "definitions": {"a": {}}}
    check_schema({**schema, own: name})
    assert "points outside the schema" in refusal({**schema, other: name})


@pytest.mark.parametrize("draft", DRAFTS.values())
def test_an_empty_reference_leads_to_the_schema_itself(draft: str) -> None:
    schema = {"$schema": draft, "type": "object", "properties": {"a": {"$ref": ""}}}
    validate_json({"a": {"a": {}}}, kind=InterfaceKindChoices.ANY, schema=schema)
    with pytest.raises(ValidationError, match="a: 5 is not of type 'object'"):
        validate_json({"a": 5}, kind=InterfaceKindChoices.ANY, schema=schema)


@pytest.mark.parametrize("draft", DRAFTS.values())
@pytest.mark.parametrize(
    "pattern",
    ["(" * 3000 + ")" * 3000, "a{99999999999999999999}", "(a{1000}){1000}", "(?P<n>a)(?P=n", "[z-a]"],
    ids=["deep", "overflow", "large", "open", "range"],
)
def test_a_pattern_that_would_break_an_engine_is_refused(draft: str, pattern: str) -> None:
    assert "pattern" in refusal({"$schema": draft, "items": {"pattern": pattern}})


@pytest.mark.parametrize("draft", DRAFTS.values())
@pytest.mark.parametrize("reference", ["#\ufeff", "#nowhere", "##", "#%", "#/%zz", "#~2"])
def test_a_reference_to_no_pointer_is_refused(draft: str, reference: str) -> None:
    refusal({"$schema": draft, "extends": {"$ref": reference}, "not": {"$ref": reference}})


def test_a_type_that_no_one_knows_is_refused_in_draft_3_too() -> None:
    for schema in ({"type": "foo"}, {"type": ["string", "foo"]}, {"properties": {"a": {"disallow": "foo"}}}):
        assert "there is no type 'foo'" in refusal({"$schema": DRAFTS[3], **schema})
    check_schema({"$schema": DRAFTS[3], "type": [{"type": "any"}, "string"]})


@pytest.mark.parametrize("draft", DRAFTS.values())
def test_references_within_the_schema_are_followed(draft: str) -> None:
    schema = {
        "$schema": draft,
        "definitions": {"half<a|b>": {"type": "number", "maximum": 0.5}},
        "type": "object",
        "properties": {"a": {"$ref": "#/definitions/half<a|b>"}, "again": {"$ref": "#"}},
        "additionalProperties": False,
    }
    check_schema(schema)
    validate_json({"a": 0.4, "again": {"again": {}}}, kind=InterfaceKindChoices.ANY, schema=schema)
    for bad in ({"a": 0.6}, {"again": {"a": 0.6}}, {"again": {"b": 1}}):
        with pytest.raises(ValidationError):
            validate_json(bad, kind=InterfaceKindChoices.ANY, schema=schema)


def test_a_schema_may_refer_to_itself_by_its_own_id() -> None:
    name = "http://example.com/mine.json"
    check_schema({"$id": name, "properties": {"a": {"$ref": f"{name}#/definitions/b"}}, "definitions": {"b": {}}})


def test_ref_as_the_name_of_a_property_or_within_a_constant_is_no_reference() -> None:
    check_schema({"properties": {"$ref": {"type": "string"}}, "const": {"$ref": "http://example.com"}})


def test_a_very_deep_schema_is_refused_and_does_not_crash() -> None:
    def nots(levels: int) -> dict[str, Any]:
        schema: dict[str, Any] = {}
        for _ in range(levels):
            schema = {"not": schema}
        return schema

    check_schema(nots(MAX_SCHEMA_DEPTH - 1))
    for levels in (MAX_SCHEMA_DEPTH + 1, 300, 10_000):
        assert "nested more than 80 levels deep" in refusal(nots(levels))


def test_equal_schemas_are_compiled_once() -> None:
    assert compiled({"type": "string", "title": "x"}) is compiled({"title": "x", "type": "string"})


def test_a_changed_schema_is_another_one() -> None:
    schema: dict[str, Any] = {"type": "string"}
    validate_json("a", kind=InterfaceKindChoices.ANY, schema=schema)
    schema["type"] = "integer"
    with pytest.raises(ValidationError, match="'a' is not of type 'integer'"):
        validate_json("a", kind=InterfaceKindChoices.ANY, schema=schema)


def test_true_and_one_are_different_in_a_schema() -> None:
    validate_json(True, kind=InterfaceKindChoices.ANY, schema={"const": True})
    for value in (1, 1.0):
        with pytest.raises(ValidationError):
            validate_json(value, kind=InterfaceKindChoices.ANY, schema={"const": True})
