"""Positions in JSON texts."""

from __future__ import annotations

import pytest

from interfaces.json_positions import (
    at_line_and_column,
    find_repeated_key,
    find_token,
    find_too_deep,
    line_and_column,
)


@pytest.mark.parametrize(("index", "position"), [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (5, (3, 1)), (6, (3, 2))])
def test_lines_and_columns_count_from_one(index: int, position: tuple[int, int]) -> None:
    assert line_and_column("ab\nc\nde", index) == position


def test_an_unknown_position_is_left_out() -> None:
    assert at_line_and_column("abc", None) == ""
    assert at_line_and_column("abc", 1) == " at line 1, column 2"


def test_a_token_in_a_text_is_not_found() -> None:
    assert find_token('["NaN", "\\"NaN", NaN]', lambda token: token == "NaN") == (17, "NaN")
    assert find_token('["NaN"]', lambda token: token == "NaN") is None


def test_the_first_bracket_that_is_too_deep_is_found() -> None:
    assert find_too_deep('[["[[["], [[1]]]', 2) == 11
    assert find_too_deep("[[1], [2]]", 2) is None


def test_a_repeated_key_is_found_in_its_own_object_only() -> None:
    assert find_repeated_key('{"a": {"a": 1}, "b": {"a": 1}}') is None
    assert find_repeated_key('{"a": {"b": 1, "b": 2}, "a": 1}') == 15
    assert find_repeated_key('[["a", "a"], "a"]') is None
