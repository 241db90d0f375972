"""The one line that says why a value is refused."""

from __future__ import annotations

from typing import Any

import pytest

from interfaces.errors import ValidationError
from interfaces.json_refusals import refusal
from interfaces.json_schema_checks import compiled
from interfaces.json_validation import validate_json
from interfaces.kinds import InterfaceKindChoices


def why(value: Any, schema: Any) -> str:
    known = compiled(schema)
    assert known.fast is None or not known.fast.is_valid(value)
    line = refusal(value, known)
    assert "\n" not in line
    return line


def test_the_error_nearest_to_the_top_is_told() -> None:
    schema = {"required": ["version"], "properties": {"a": {"properties": {"b": {"type": "string"}}}}}
    assert why({"a": {"b": 1}}, schema) == "'version' is a required property"


def test_of_equal_errors_the_first_is_told() -> None:
    assert why([0, 5, 6, 7], {"items": {"maximum": 4}}) == "[1]: 5 is greater than the maximum of 4"


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_of_alternatives_the_one_that_fits_best_is_told(keyword: str) -> None:
    circle = {"required": ["radius"], "properties": {"radius": {"minimum": 0}}, "type": "object"}
    square = {"required": ["side"], "properties": {"side": {"minimum": 0}}, "type": "object"}
    schema = {"items": {keyword: [circle, square, {"type": "null"}]}}
    assert why([{"side": 1}, {"radius": -1}], schema) == "[1].radius: -1 is less than the minimum of 0"
    assert why([{"side": -2}], schema) == "[0].side: -2 is less than the minimum of 0"


def test_simple_alternatives_are_listed() -> None:
    schema = {
        "anyOf": [{"type": "integer"}, {"const": "all"}, {"anyOf": [{"enum": ["x", 1]}, {"type": ["null", "array"]}]}]
    }
    assert why("none", schema) == "'none' is none of type integer, 'all', 'x', 1, type null, type array"


def test_alternatives_that_are_all_of_one_type_are_one() -> None:
    schema = {"anyOf": [{"type": "object", "required": ["a"]}, {"type": "object", "required": ["b"]}]}
    assert why([], schema) == "[] is not of type object"


def test_alternatives_that_fit_equally_badly_are_told_as_such() -> None:
    schema = {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
    assert why({}, schema) == "{} is not valid under any of the given schemas"


def test_more_than_one_of_one_is_told() -> None:
    assert "is valid under each of" in why(1, {"oneOf": [{"type": "integer"}, {"minimum": 0}]})


def test_long_instances_are_abbreviated() -> None:
    line = why({"a": list(range(1000))}, {"properties": {"a": {"maxItems": 2}}})
    assert line == "a: [0, 1, 2, ...] is too long"
    assert len(why("x" * 1000, {"maxLength": 2})) < 100


def test_long_messages_are_cut_in_their_middle() -> None:
    line = why("a", {"enum": [f"choice {number}" for number in range(1000)]})
    assert len(line) <= 401
    assert " ... " in line


def test_line_breaks_in_a_value_do_not_break_the_line() -> None:
    assert "\n" not in why({"a\nb": "c\nd"}, {"additionalProperties": {"type": "integer"}})


class TestLargeValues:
    """Values that jsonschema is not asked about in full."""

    def test_an_error_at_the_end_is_told_with_its_place(self) -> None:
        value = {"points": [{"p": 0.5}] * 100_000 + [{"p": 1.2}]}
        schema = {"properties": {"points": {"items": {"properties": {"p": {"maximum": 1}}}}}}
        assert why(value, schema) == "points[100000].p: 1.2 is greater than the maximum of 1"

    def test_an_error_at_the_beginning_is_told_as_of_a_small_value(self) -> None:
        value = {"mark": "barr", "values": [{"a": 1}] * 100_000}
        schema = {"properties": {"mark": {"anyOf": [{"enum": ["bar"]}, {"type": "object"}]}}}
        assert why(value, schema) == "mark: 'barr' is none of 'bar', type object"

    def test_what_was_cut_off_is_not_blamed(self) -> None:
        value = {"a": list(range(100_000)), "b": 1}
        schema = {"properties": {"a": {"minItems": 1000, "contains": {"const": 5000}}, "b": {"type": "string"}}}
        assert why(value, schema).startswith("b: 1 is not of type")

    def test_a_text_that_was_cut_is_not_blamed(self) -> None:
        value = {"a": "x" * 1_000_000, "b": 1}
        schema = {"properties": {"a": {"minLength": 5000}, "b": {"type": "string"}}}
        assert why(value, schema).startswith("b: 1 is not of type")

    def test_alternatives_that_fail_far_down_a_list_are_refused_without_their_place(self) -> None:
        value = [1] * 100_000 + ["x"]
        assert why(value, {"items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}) == (
            "the value does not fit its schema; it is too large or too deep to say where"
        )

    def test_very_many_keys_are_not_written_out(self) -> None:
        value = {f"key {number}": 1 for number in range(50_000)}
        line = why(value, {"properties": {"a": {}}, "additionalProperties": False})
        assert line.startswith("Additional properties are not allowed")
        assert len(line) < 500


def test_a_false_alternative_is_refused_like_any_other():
    with pytest.raises(ValidationError):
        validate_json(1, kind=InterfaceKindChoices.ANY, schema={"anyOf": [False]})
