"""jsonschema, held back: no value keeps it busy or breaks it, and it says the same as jsonschema-rs."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from json_cases import refusal

from interfaces.json_explaining import MAX_LOOKED_AROUND, TooMuch, bounded_steps, explaining, matches, takes_linear_time
from interfaces.json_validation import validate_json
from interfaces.kinds import InterfaceKindChoices

ANY = InterfaceKindChoices.ANY
DRAFTS = [f"http://json-schema.org/draft-0{number}/schema#" for number in (3, 4, 6, 7)]
HOSTILE = "a" * 200_000 + "!"
LINEAR = ["(a+)+$", "^(a|aa)*$", "(.*)*b"]
LOOKING = ["(?=a)(a+)+$", r"(a*)*\1$", "(?<!b)a*c", "^(?!b)(a|aa)+$"]


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("pattern", [*LINEAR, *LOOKING])
def test_no_text_keeps_a_pattern_busy(draft: str, pattern: str) -> None:
    start = perf_counter()
    text = refusal({"a": [HOSTILE]}, ANY, {"$schema": draft, "properties": {"a": {"items": {"pattern": pattern}}}})
    key = refusal(
        {HOSTILE: 1}, ANY, {"$schema": draft, "patternProperties": {pattern: {}}, "additionalProperties": False}
    )
    assert text.startswith("a[0]: ")
    assert key.startswith("Additional properties are not allowed")
    assert perf_counter() - start < 15


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("pattern", LOOKING)
def test_a_pattern_that_looks_around_matches_texts_up_to_a_length(draft: str, pattern: str) -> None:
    assert not takes_linear_time(pattern)
    schema = {
        "$schema": draft,
        "items": {"pattern": "^(?=a)a+$"},
        "patternProperties": {"^(?=a)a+$": {"type": "integer"}},
    }
    validate_json(["a" * MAX_LOOKED_AROUND], kind=ANY, schema=schema)
    assert "is too long for the pattern" in refusal(["a" * (MAX_LOOKED_AROUND + 1)], ANY, schema)
    assert "is not of type" in refusal({"a" * MAX_LOOKED_AROUND: "x"}, ANY, schema)
    validate_json({"a" * (MAX_LOOKED_AROUND + 1): "x"}, kind=ANY, schema=schema)


@pytest.mark.parametrize("draft", DRAFTS)
def test_keys_that_a_pattern_covers_are_not_additional(draft: str) -> None:
    schema = {
        "$schema": draft,
        "properties": {"name": {}},
        "patternProperties": {"^x-": {"type": "string"}},
        "additionalProperties": {"type": "integer"},
    }
    validate_json({"name": None, "x-a": "a", "b": 1}, kind=ANY, schema=schema)
    assert refusal({"x-a": 1}, ANY, schema) == "[\"x-a\"]: 1 is not of type 'string'".replace('["x-a"]', "x-a")
    assert refusal({"b": "b"}, ANY, schema) == "b: 'b' is not of type 'integer'"


@pytest.mark.parametrize("draft", DRAFTS)
def test_items_are_compared_in_time(draft: str) -> None:
    schema = {"$schema": draft, "uniqueItems": True}
    mixed: list[Any] = [*([number] for number in range(50_000)), {"a": 1}, "a", 1, True, None]
    start = perf_counter()
    validate_json(mixed, kind=ANY, schema=schema)
    assert "has non-unique elements" in refusal([*mixed, [7]], ANY, schema)
    assert perf_counter() - start < 15
    assert refusal([1, {"a": 1}, 1.0], ANY, schema) == "[1, {'a': 1}, 1.0] has non-unique elements"


@pytest.mark.parametrize("draft", DRAFTS)
def test_integers_of_hundreds_of_digits_are_divided(draft: str) -> None:
    keyword = "divisibleBy" if "draft-03" in draft else "multipleOf"
    for divisor in (0.5, 2, 1e-300):
        schema = {"$schema": draft, keyword: divisor, "type": "string"}
        assert "is not of type 'string'" in refusal(10**400, ANY, schema)
    assert refusal(7, ANY, {"$schema": draft, keyword: 2}) == "7 is not a multiple of 2"


def test_the_steps_are_bounded() -> None:
    validator = explaining(jsonschema.Draft7Validator)({"items": {"$ref": "#/definitions/a"}, "definitions": {"a": {}}})
    with bounded_steps(10):
        assert validator.is_valid([1] * 10)
    with pytest.raises(TooMuch), bounded_steps(10):
        validator.is_valid([1] * 11)
    assert validator.is_valid([1] * 1000)


def nested(levels: int, core: Any, key: str) -> Any:
    for _ in range(levels):
        core = {key: core if key == "not" else [core]}
    return core


@pytest.mark.parametrize("key", ["not", "and", "or"])
@pytest.mark.parametrize("levels", [3, 60, 230])
def test_a_small_chart_can_not_take_all_memory(key: str, levels: int) -> None:
    """jsonschema-rs would keep every error of every alternative: gigabytes for 240 levels."""
    chart = {"data": {"values": []}, "mark": "bar", "transform": [{"filter": nested(levels, 5, key)}]}
    start = perf_counter()
    line = refusal(chart, InterfaceKindChoices.CHART)
    assert line.startswith("transform[0].filter" if levels < 10 else "the value does not fit its schema; it is too")
    assert perf_counter() - start < 15


@pytest.mark.parametrize(
    "part", [{"transform": [{"filter": 5}] * 4000}, {"layer": [{"mark": "barr"}] * 4000}], ids=["transforms", "layers"]
)
def test_a_chart_that_is_wrong_in_thousands_of_places_is_refused_in_time(part: Any) -> None:
    start = perf_counter()
    line = refusal({"data": {"values": []}, "mark": "bar", **part}, InterfaceKindChoices.CHART)
    assert line
    assert perf_counter() - start < 15


PATTERNS = ["^a+$", "b|c", "a(?=b)", r"^(a|b)\1$", "^.{2,3}$", "x*", "[^a]"]


@given(text=st.text("abcx", max_size=6), pattern=st.sampled_from(PATTERNS))
@settings(max_examples=100, deadline=None)
def test_patterns_match_as_python_does(text: str, pattern: str) -> None:
    import re

    assert matches(pattern, text) == bool(re.search(pattern, text))
