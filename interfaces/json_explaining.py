"""jsonschema, held back: it can say why a value is refused, but a hostile value must not keep it busy or break it.

Its own ways with patterns, with "uniqueItems" and with "multipleOf" are replaced by those of jsonschema-rs: Python's
regular expressions can take for ever on a text, comparing each item with each takes minutes for some thousand of them,
and dividing an integer of hundreds of digits by a fraction overflows.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any

import jsonschema
import jsonschema_rs
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from interfaces.errors import ValidationError

MAX_LOOKED_AROUND = 2_000
"""Longest text, in characters, that a pattern with look-around or back references can match.

Such a pattern takes time that grows with the square of the text, about a millisecond for this many.
"""

_steps_left: ContextVar[list[int] | None] = ContextVar("_steps_left", default=None)


class TooMuch(Exception):
    """A value is nested too deeply for jsonschema, a schema refers to itself without end, or the steps are used up."""


@contextmanager
def bounded_steps(most: int) -> Iterator[None]:
    """Let jsonschema follow at most that many references; with one more, `TooMuch` is raised."""
    token = _steps_left.set([most])
    try:
        yield
    finally:
        _steps_left.reset(token)


@lru_cache(maxsize=1024)
def _matcher(pattern: str) -> tuple[jsonschema_rs.Draft7Validator, bool]:
    """What matches a pattern, and whether it does so in time that grows only with the length of the text."""
    try:
        return jsonschema_rs.Draft7Validator({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions()), True
    except ValueError:
        pass
    try:
        return jsonschema_rs.Draft7Validator({"pattern": pattern}), False
    except ValueError as error:
        raise ValidationError(
            f"the pattern {pattern[:100]!r} is no regular expression of ECMA 262, or too large a one"
        ) from error


def takes_linear_time(pattern: str) -> bool:
    """Whether matching takes time that grows only with the length of the text: no look-around, no back references.

    Raises:
        ValidationError: The pattern is no regular expression.
    """
    return _matcher(pattern)[1]


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text; one that takes more than linear time is never found in a long one."""
    matcher, is_linear = _matcher(pattern)
    return (is_linear or len(text) <= MAX_LOOKED_AROUND) and matcher.is_valid(text)


@cache
def explaining(checker: type[Validator]) -> type[Validator]:
    """A validator class of jsonschema for one draft that takes tuples for lists and is held back.

    A RecursionError within jsonschema can surface as the panic of a native library, which no one should catch. Endless
    recursion passes through "$ref". (The class holds only for schemas without "$schema": by that, jsonschema would
    choose its own class for each part.)
    """
    own = {
        "$ref": _reference(checker.VALIDATORS["$ref"]),
        "additionalProperties": _additional(checker.VALIDATORS["additionalProperties"]),
        "divisibleBy": _multiple_of,
        "multipleOf": _multiple_of,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "uniqueItems": _unique_items,
    }
    array = checker.TYPE_CHECKER.redefine("array", lambda _, value: isinstance(value, (list, tuple)))
    extended: type[Validator] = extend(  # type: ignore[no-untyped-call]
        checker,
        validators={keyword: check for keyword, check in own.items() if keyword in checker.VALIDATORS},
        type_checker=array,
    )
    return extended


def _reference(follow: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    def reference(validator: Validator, target: str, instance: Any, schema: Any) -> Iterator[Any]:
        left = _steps_left.get()
        if left is not None:
            left[0] -= 1
        if (left is not None and left[0] < 0) or _stack_depth() > sys.getrecursionlimit() // 2:
            raise TooMuch
        yield from follow(validator, target, instance, schema) or ()

    return reference


def _stack_depth() -> int:
    frame, depth = sys._getframe(), 0
    while frame := frame.f_back:  # type: ignore[assignment]
        depth += 1
    return depth


def _pattern(validator: Validator, pattern: str, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    if not validator.is_type(instance, "string") or matches(pattern, instance):
        return
    if not takes_linear_time(pattern) and len(instance) > MAX_LOOKED_AROUND:
        yield jsonschema.ValidationError(
            f"a text of {len(instance)} characters is too long for the pattern {pattern!r}, which looks around or back"
        )
    else:
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Validator, patterns: dict[str, Any], instance: Any, schema: Any
) -> Iterator[jsonschema.ValidationError]:
    if validator.is_type(instance, "object"):
        for pattern, part in patterns.items():
            for key, value in instance.items():
                if matches(pattern, key):
                    yield from validator.descend(value, part, path=key, schema_path=pattern)  # type: ignore[attr-defined]


def _additional(check: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    def additional(validator: Validator, rule: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if (patterns := schema.get("patternProperties")) and validator.is_type(instance, "object"):
            # What no pattern covers is checked as if there were no patterns.
            schema = {key: part for key, part in schema.items() if key != "patternProperties"}
            instance = {
                key: value for key, value in instance.items() if not any(matches(pattern, key) for pattern in patterns)
            }
        yield from check(validator, rule, instance, schema) or ()

    return additional


def _unique_items(
    validator: Validator, wanted: bool, instance: Any, schema: Any
) -> Iterator[jsonschema.ValidationError]:
    if wanted and validator.is_type(instance, "array") and not _asked("uniqueItems", True).is_valid(instance):
        yield jsonschema.ValidationError(f"{instance!r} has non-unique elements")


def _multiple_of(
    validator: Validator, divisor: float, instance: Any, schema: Any
) -> Iterator[jsonschema.ValidationError]:
    if validator.is_type(instance, "number") and not _asked("multipleOf", divisor).is_valid(instance):
        yield jsonschema.ValidationError(f"{instance!r} is not a multiple of {divisor!r}")


@lru_cache(maxsize=256, typed=True)
def _asked(keyword: str, argument: Any) -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator({keyword: argument})
