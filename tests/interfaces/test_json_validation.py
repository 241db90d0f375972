"""Simple kinds and charts, custom schemas, and hostile values of every kind."""

from __future__ import annotations

import math
import socket
from collections.abc import Callable
from typing import Any

import pytest
from json_cases import example, refusal, refused_after

from interfaces.errors import DefinitionError, ValidationError
from interfaces.json_validation import _compiled_kind, validate_json
from interfaces.kinds import InterfaceKind, InterfaceKindChoices

K = InterfaceKindChoices

# ---- simple kinds


@pytest.mark.parametrize(
    ("kind", "valid", "invalid"),
    [
        (K.STRING, ["", "a", "😀" * 1000], [1, None, True, ["a"], {}]),
        (K.CHOICE, ["", "a"], [1, None, True, ["a"], {}]),
        (K.INTEGER, [0, -1, 42.0, 1e300, 2**70], [0.5, "1", True, False, None, [1]]),
        (K.FLOAT, [0, 1.5, -1e308, 2**70], ["1.5", True, False, None, [1.5], {}]),
        (K.BOOL, [True, False], [0, 1, 1.0, "true", None, [True]]),
        (K.ANY, [None, 0, "", [], {}, False, {"a": [None]}], []),
        (K.MULTIPLE_CHOICE, [[], ["a"], ["a", "a"]], ["a", [1], ["a", None], {"a": "b"}, [["a"]], None]),
    ],
)
def test_a_simple_kind_takes_its_own_type_only(kind: K, valid: list[Any], invalid: list[Any]) -> None:
    for value in valid:
        validate_json(value, kind=kind)
    for value in invalid:
        assert "is not of type" in refusal(value, kind)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_no_value_of_any_kind(number: float) -> None:
    for kind in sorted(InterfaceKind.interface_type_json()):
        assert "is not a JSON number" in refusal(number, kind)


@pytest.mark.parametrize("kind", sorted(set(K) - InterfaceKind.interface_type_json()))
def test_images_and_files_are_not_validated_here(kind: K) -> None:
    with pytest.raises(DefinitionError, match="is not a JSON kind"):
        validate_json({}, kind=kind)


# ---- charts


@pytest.mark.parametrize(
    "chart",
    [
        {"mark": "bar", "data": {"values": []}},
        {"mark": {"type": "line", "point": True}, "data": {"url": "data.csv"}, "encoding": {"x": {"field": "a"}}},
        {"hconcat": [{"mark": "tick"}, {"mark": "rule"}]},
        {"repeat": ["a", "b"], "spec": {"mark": "point"}},
    ],
)
def test_a_vega_lite_specification_is_a_chart(chart: Any) -> None:
    validate_json(chart, kind=K.CHART)


@pytest.mark.parametrize(
    ("change", "start"),
    [
        (lambda chart: chart["layer"][0].update(mark="barr"), "layer[0].mark: 'barr' is none of "),
        (lambda chart: chart.update(foo=1), "Additional properties are not allowed ('foo' was unexpected)"),
        (lambda chart: chart.update(width="big"), "width: 'big' is none of "),
        (lambda chart: chart["data"].update(values=5), "data.values: 5 is none of "),
        (lambda chart: chart["config"]["axis"].update(grid="yes"), "config.axis.grid: 'yes' is not of type 'boolean'"),
        (
            lambda chart: chart["layer"][0]["encoding"]["x"].update(type="ordinall"),
            "layer[0].encoding.x.type: 'ordinall' is not one of ",
        ),
        (
            lambda chart: chart["layer"][1]["encoding"].update(xx={}),
            "layer[1].encoding: Additional properties are not allowed ('xx' was unexpected)",
        ),
        (lambda chart: chart.pop("layer"), "{'$schema': "),
    ],
)
def test_a_broken_chart_is_refused_where_it_is_broken(change: Callable[[Any], object], start: str) -> None:
    assert refused_after(change, K.CHART).startswith(start)


@pytest.mark.parametrize("value", [None, {}, [], "chart", 1, {"mark": 1}, {"data": {"values": []}}])
def test_what_is_no_chart_is_refused(value: Any) -> None:
    refusal(value, K.CHART)


@pytest.mark.parametrize(
    "named",
    [None, "https://vega.github.io/schema/vega-lite/v5.json", "https://vega.github.io/schema/vega-lite/v4.17.0.json"],
)
def test_a_chart_is_what_fits_whatever_schema_it_names_and_nothing_is_fetched(
    named: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: Any, **__: Any) -> None:
        raise AssertionError("something was looked up")

    monkeypatch.setattr(socket, "socket", no_network)
    chart = {"mark": "bar", "data": {"url": "http://localhost:1/data.csv"}}
    validate_json(chart | ({"$schema": named} if named else {}), kind=K.CHART)
    refusal({**chart, "$schema": 5}, K.CHART)


def test_the_schema_of_each_kind_is_compiled_once() -> None:
    for kind in InterfaceKind.interface_type_json():
        assert _compiled_kind(kind) is _compiled_kind(kind)


# ---- custom schemas


def test_a_custom_schema_is_added_to_the_kinds_own() -> None:
    small = {"properties": {"probability": {"maximum": 0.5}}}
    value = example(K.POINT)
    assert refusal(value, K.POINT, small) == "probability: 0.92 is greater than the maximum of 0.5"
    value["probability"] = 0.4
    validate_json(value, kind=K.POINT, schema=small)
    value["extra"] = 1
    assert "'extra' was unexpected" in refusal(value, K.POINT, small)


def test_a_custom_schema_can_not_widen_a_kind() -> None:
    refusal("a", K.INTEGER, {"type": "string"})
    refusal("a", K.INTEGER, True)
    refusal(1, K.INTEGER, False)


def test_whole_floats_are_integers_from_draft_6_on_only() -> None:
    for number, is_valid in ((3, False), (4, False), (6, True), (7, True)):
        schema = {"$schema": f"http://json-schema.org/draft-0{number}/schema#", "type": "integer"}
        if is_valid:
            validate_json(1.0, kind=K.ANY, schema=schema)
        else:
            assert refusal(1.0, K.ANY, schema) == "1.0 is not of type 'integer'"


def test_draft_3_has_its_own_words() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-03/schema#",
        "properties": {
            "a": {"type": ["integer", "null"], "required": True, "divisibleBy": 3},
            "b": {"disallow": "string"},
        },
    }
    validate_json({"a": 3, "b": 1}, kind=K.ANY, schema=schema)
    assert "required property" in refusal({}, K.ANY, schema)
    assert refusal({"a": 4}, K.ANY, schema).startswith("a: 4 is not")
    assert refusal({"a": 3, "b": "x"}, K.ANY, schema).startswith("b: ")


def test_formats_and_content_are_remarks() -> None:
    schema = {"format": "email", "contentMediaType": "application/json", "contentEncoding": "base64"}
    validate_json("neither of them", kind=K.STRING, schema=schema)
    validate_json({"format": 1}, kind=K.ANY, schema={"properties": {"format": {"type": "integer"}}})
    refusal({"format": "a"}, K.ANY, {"properties": {"format": {"type": "integer"}}})


def test_an_invalid_custom_schema_is_said_to_be_one() -> None:
    assert refusal(1, K.ANY, {"type": "strin"}).startswith("the JSON Schema is not valid: type: ")


# ---- hostile values


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("kind", sorted(InterfaceKind.interface_type_json()))
def test_hostile_depth_is_refused_by_every_kind(kind: K) -> None:
    assert refusal(deep(100_000), kind) == "the value is nested more than 500 levels deep"


@pytest.mark.parametrize("number", [3, 4, 6, 7])
def test_depth_that_json_may_have_is_no_trouble_for_recursive_schemas(number: int) -> None:
    schema = {
        "$schema": f"http://json-schema.org/draft-0{number}/schema#",
        "type": ["array", "integer"],
        "items": {"$ref": "#"},
    }
    validate_json(deep(20), kind=K.ANY, schema=schema)
    refusal([*deep(20), "x"], K.ANY, schema)
    if number > 3:
        validate_json(deep(500), kind=K.ANY, schema=schema)
        only_lists = {**schema, "type": "array"}
        assert refusal(deep(500), K.ANY, only_lists).endswith('[0][0][0]: 1 is not of type "array"')
    else:
        assert "too deeply for its schema" in refusal(deep(500), K.ANY, schema)


@pytest.mark.parametrize("number", [3, 4, 6, 7])
def test_a_schema_that_refers_to_itself_without_end_hurts_nobody(
    number: int, capfd: pytest.CaptureFixture[str]
) -> None:
    schema = {
        "$schema": f"http://json-schema.org/draft-0{number}/schema#",
        "extends": {"$ref": "#"},
        "not": {"$ref": "#"},
    }
    with pytest.raises(ValidationError):
        validate_json({"a": 1}, kind=K.ANY, schema=schema)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", [K.INTEGER, K.POINT, K.CHART])
def test_a_huge_text_is_not_written_into_the_message(kind: K) -> None:
    assert len(refusal("x" * 10**7, kind)) < 300
    assert len(refusal({"x" * 10**7: 1}, kind)) < 600
    assert len(refusal({"name": "x" * 10**7}, kind)) < 600


def test_a_text_that_keeps_pythons_regular_expressions_busy_is_refused_at_once() -> None:
    schema = {"type": "object", "properties": {"a": {"pattern": "^(a+)+$"}}}
    assert refusal({"a": "a" * 50 + "b"}, K.ANY, schema).startswith("a: 'aaaa")


def test_values_that_are_not_json_are_refused_with_their_place() -> None:
    assert refusal({"a": [1, {2}]}, K.ANY) == "a[1]: the Python type set is not JSON"
    assert refusal([{"\ud800": 1}], K.ANY) == "[0]: a key holds half of a surrogate pair, which is not text"


def test_tuples_count_as_lists() -> None:
    value = example(K.POINT)
    value["point"] = (1, 2, 3)
    validate_json(value, kind=K.POINT)
    value["point"] = (1, 2)
    assert refusal(value, K.POINT) == "point: (1, 2) is too short"
    schema = {"$schema": "http://json-schema.org/draft-03/schema#", "type": "array"}
    validate_json((1, 2), kind=K.ANY, schema=schema)
