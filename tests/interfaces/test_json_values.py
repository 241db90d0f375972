"""What counts as JSON among Python values, paths into them, and their canonical text."""

from __future__ import annotations

import datetime
import enum
import json
import math
import uuid
from collections import OrderedDict
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interfaces.errors import ValidationError
from interfaces.json_parsing import parse_json
from interfaces.json_values import MAX_DEPTH, MAX_INTEGER_DIGITS, canonical_json, check_json_value, path_text


def nested(levels: int, core: Any = 1) -> Any:
    value = core
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -(10**400), 1.5, -0.0, "", "😀", [], {}, (1, (2,)), {"": [None]}, OrderedDict(a=1), Colour.RED],
    ids=lambda value: str(value)[:20],
)
def test_json_is_json(value: Any) -> None:
    check_json_value(value)
    check_json_value([{"a": value}])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, "nan is not a JSON number; use null"),
        (-math.inf, "-inf is not a JSON number; use null"),
        ("a\ud800", "the text holds half of a surrogate pair, which is not text"),
        (b"abc", "the Python type bytes is not JSON"),
        ({1, 2}, "the Python type set is not JSON"),
        (object(), "the Python type object is not JSON"),
        (1 + 2j, "the Python type complex is not JSON"),
        (uuid.uuid4(), "the Python type uuid.UUID is not JSON"),
        (datetime.date(2020, 1, 1), "the Python type datetime.date is not JSON"),
        (np.float64(1.5), "the Python type numpy.float64 is not JSON; convert it with .item() or .tolist()"),
        (np.int64(1), "the Python type numpy.int64 is not JSON; convert it with .item() or .tolist()"),
        (np.zeros(3), "the Python type numpy.ndarray is not JSON; convert it with .item() or .tolist()"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_json_is_refused_with_its_place(value: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        check_json_value(value)
    assert str(caught.value) == message
    with pytest.raises(ValidationError) as caught:
        check_json_value({"points": [1, {"at": value}], "more": math.nan})
    assert str(caught.value) == f"points[1].at: {message}"


def test_keys_must_be_text() -> None:
    for key, message in (
        (1, "a: the key 1 is not a string"),
        (None, "a: the key None is not a string"),
        (True, "a: the key True is not a string"),
        ("\ud800", "a: a key holds half of a surrogate pair, which is not text"),
    ):
        with pytest.raises(ValidationError) as caught:
            check_json_value({"a": {key: 1}})
        assert str(caught.value) == message


def test_an_integer_is_bounded_in_its_digits() -> None:
    largest = 10**MAX_INTEGER_DIGITS - 1
    for integer in (largest, -largest):
        assert parse_json(canonical_json([integer])) == [integer]
    for integer in (largest + 1, -largest - 1):
        with pytest.raises(ValidationError, match=r"a\[0\]: the integer has more than 4,300 digits"):
            check_json_value({"a": [integer]})


def test_depth_is_bounded() -> None:
    check_json_value(nested(MAX_DEPTH))
    for levels in (MAX_DEPTH + 1, 1000, 100_000):
        for refuse in (check_json_value, canonical_json):
            with pytest.raises(ValidationError, match="nested more than 500 levels deep"):
                refuse(nested(levels))


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(ValidationError, match="nested more than 500 levels deep"):
        check_json_value(value)


def test_another_depth_may_be_asked_for() -> None:
    check_json_value([[1]], max_depth=2)
    with pytest.raises(ValidationError, match="more than 2 levels"):
        check_json_value([[[]]], max_depth=2)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("boxes", 3, "probability"), "boxes[3].probability"),
        ((0, 1), "[0][1]"),
        ((2, "a"), "[2].a"),
        (("3d_affine_transform", 0), "3d_affine_transform[0]"),
        (("a b", "c"), '["a b"].c'),
        (("a", ""), 'a[""]'),
        (("a", "0"), 'a["0"]'),
        (('quote"',), '["quote\\""]'),
        (("größe",), "größe"),
        (("line\nbreak",), '["line\\nbreak"]'),
    ],
)
def test_paths_are_written_as_people_write_them(path: tuple[str | int, ...], text: str) -> None:
    assert path_text(path) == text


def test_long_paths_are_cut() -> None:
    assert path_text([0] * 500) == f"{'[0]' * 12} ... [0][0][0]"
    assert len(path_text(["k" * 10_000] * 5)) < 400


def test_the_canonical_text_is_sorted_dense_and_utf_8() -> None:
    assert canonical_json({"b": [1, 2.0, None, True], "a": {"é": "\n\u2028"}, "B": {}}) == (
        '{"B":{},"a":{"é":"\\n\u2028"},"b":[1,2.0,null,true]}'.encode()
    )


def test_equal_values_have_one_text() -> None:
    assert canonical_json({"a": 1, "b": [1, 2]}) == canonical_json({"b": (1, 2), "a": 1})
    assert canonical_json({"b": 2**70, "a": 1}) == canonical_json({"a": 1, "b": 2**70})


def test_integers_and_floats_are_kept_apart() -> None:
    assert len({canonical_json(value) for value in (1, 1.0, True, "1")}) == 4


def test_integers_beyond_64_bits_keep_their_digits() -> None:
    assert canonical_json([2**64, 10**100]) == f"[{2**64},1{'0' * 100}]".encode()


def test_deep_values_are_written_too() -> None:
    for levels in (100, 254, 255, MAX_DEPTH):
        assert parse_json(canonical_json(nested(levels))) == nested(levels)


@pytest.mark.parametrize("value", [math.nan, [math.inf], {"a": Decimal("1.5")}, {1: 2}, "\ud800", [2**70, "\ud800"]])
def test_what_is_not_json_has_no_canonical_text(value: Any) -> None:
    with pytest.raises(ValidationError):
        canonical_json(value)


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(values)
@settings(max_examples=100, deadline=None)
def test_the_canonical_text_is_read_back_alike(value: Any) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(parse_json(text)) == text
