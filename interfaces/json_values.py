"""What counts as JSON among Python values, and the one way in which a value is written for its hash.

A value is JSON if it is a dict with string keys, a list or tuple, a string that UTF-8 can hold, a bool, an int, a
finite float or None, in which no integer has more than `MAX_INTEGER_DIGITS`, nested at most `MAX_DEPTH` levels deep.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from enum import Enum
from functools import cache
from typing import Any, TypeAlias

import jsonschema_rs
import orjson

from interfaces.errors import ValidationError

MAX_INTEGER_DIGITS = 4300
"""Longest integer, in digits. It is CPython's own bound, since reading more takes time that grows with the square."""

JsonPath: TypeAlias = tuple[str | int, ...]

MAX_DEPTH = 500
"""Most levels of lists and objects within each other.

It leaves room below what the libraries bear: CPython's json module stops at its recursion limit (1,000, less what the
caller uses), and a recursive schema costs jsonschema-rs stack (it was seen to crash between 20,000 and 100,000 levels).
"""

_SHOWN_PARTS = 16
_TOO_LONG: int = 10**MAX_INTEGER_DIGITS
_PLAIN_NAME = re.compile(r"[^\W\d][\w-]*|\d[\w-]*[^\W\d][\w-]*")


def path_text(path: Iterable[str | int]) -> str:
    """A path into a JSON value as people write it: ``boxes[3].probability``; "" for the value itself.

    A very long one is cut in its middle.
    """
    parts = list(path)
    if len(parts) > _SHOWN_PARTS:
        return f"{path_text(parts[: _SHOWN_PARTS - 4])} ... {path_text(parts[-3:])}"
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_NAME.fullmatch(part) and len(part) <= 60:
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part if len(part) <= 60 else part[:57] + '...')}]"
    return text


def check_json_value(value: Any, *, max_depth: int = MAX_DEPTH) -> None:
    """Refuse what is not JSON, in about a tenth of the time that parsing the same value takes.

    Args:
        value: Any Python object.
        max_depth: Most levels of lists and objects within each other.

    Raises:
        ValidationError: Names the first part that is not JSON, and where it is.
    """
    try:
        if _any_json(max_depth).is_valid(value):
            return
    except ValueError:  # of a type that JSON lacks, or a string that UTF-8 can't hold
        pass
    path, problem = next(_problems(value, max_depth), ((), "the value is not JSON"))
    where = path_text(path)
    raise ValidationError(f"{where}: {problem}" if where else problem)


@cache
def _any_json(max_depth: int) -> jsonschema_rs.Draft7Validator:
    """A schema that any JSON fits, unrolled to `max_depth` levels so that no value can exhaust the stack.

    "not" with a constant that is shorter than its own minLength never refuses, but it makes the validator look into
    each string, so that half a surrogate pair is noticed.
    """
    string = {"type": "string", "not": {"const": "", "minLength": 1}}
    definitions: dict[str, Any] = {
        str(level): {
            "anyOf": [
                string,
                {"type": "number"},
                {"type": "array", "items": {"$ref": f"#/definitions/{level + 1}"}},
                {"type": "object", "additionalProperties": {"$ref": f"#/definitions/{level + 1}"}},
                {"type": ["null", "boolean"]},
            ]
        }
        for level in range(max_depth)
    }
    definitions[str(max_depth)] = {"anyOf": [string, {"type": ["number", "null", "boolean"]}]}
    return jsonschema_rs.Draft7Validator({"$ref": "#/definitions/0", "definitions": definitions})


def _problems(value: Any, max_depth: int) -> Iterator[tuple[JsonPath, str]]:
    """Each part of a value that is not JSON, in the order in which it is written; without recursion."""
    stack: list[tuple[JsonPath, Any]] = [((), value)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, (dict, list, tuple)) and len(path) >= max_depth:
            yield (), f"the value is nested more than {max_depth} levels deep"
        elif isinstance(node, dict):
            for key in node:
                if problem := _key_problem(key):
                    yield path, problem
            stack += [((*path, str(key)), item) for key, item in reversed(node.items())]
        elif isinstance(node, (list, tuple)):
            stack += [((*path, index), node[index]) for index in range(len(node) - 1, -1, -1)]
        elif problem := _scalar_problem(node):
            yield path, problem


def _key_problem(key: Any) -> str:
    if not isinstance(key, str):
        return f"the key {key!r} is not a string"
    return "a key holds half of a surrogate pair, which is not text" if _is_torn(key) else ""


def _scalar_problem(node: Any) -> str:
    if isinstance(node, float) and not math.isfinite(node):
        return f"{node} is not a JSON number; use null"
    if isinstance(node, int) and abs(node) >= _TOO_LONG:
        return f"the integer has more than {MAX_INTEGER_DIGITS:,} digits"
    if isinstance(node, str) and _is_torn(node):
        return "the text holds half of a surrogate pair, which is not text"
    if node is None or type(node) in (str, int, float, bool) or isinstance(node, Enum):
        return ""
    name = f"{type(node).__module__}.{type(node).__qualname__}".removeprefix("builtins.")
    numpy = "; convert it with .item() or .tolist()" if name.startswith("numpy.") else ""
    return f"the Python type {name} is not JSON{numpy}"


def _is_torn(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def canonical_json(value: Any) -> bytes:
    """The one text of a value, for content addressing: sorted keys, no blanks, UTF-8.

    Equal values have equal bytes; 1 and 1.0 are kept apart.

    Raises:
        ValidationError: The value is not JSON.
    """
    check_json_value(value)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        pass  # an integer beyond 64 bits, or more than 254 levels: the json module can, five times slower
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValidationError(f"the value can't be written as JSON: {error}") from error


def copy_json(value: Any) -> Any:
    """A JSON value with lists and objects of its own."""
    if not isinstance(value, list | dict):
        return value
    try:
        return orjson.loads(orjson.dumps(value))
    except TypeError:  # as above
        return deepcopy(value)
