"""Reading JSON that nobody vouches for: strictly, fast, and with a clear word where it is wrong.

Fast path: orjson, which takes about half the time of the json module. It is trusted only where it can't differ from a
strict reading; it keeps the last of two equal keys and turns integers beyond 64 bits into floats, so both are looked
for. Slow path: the json module, for what orjson refuses or may have changed. It has the last word and the better
explanation.
"""

from __future__ import annotations

import gc
import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from interfaces.errors import ValidationError
from interfaces.json_positions import at_line_and_column, find_repeated_key, find_token, find_too_deep
from interfaces.json_values import MAX_DEPTH, MAX_INTEGER_DIGITS, canonical_json, check_json_value

__all__ = ["MAX_INTEGER_DIGITS", "canonical_json", "parse_json"]

_BOM = b"\xef\xbb\xbf"
_ESCAPED_COLONS = (b"\\u003a", b"\\u003A")
_DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_NO_ZERO = re.compile(rb"[^0]")
_DIGITS_OF_64_BITS = 19  # the shortest integers that may need more
_MANY_BYTES = 1_000_000
_DOUBT = object()


class _Repeated(ValueError):
    """An object has a key twice."""


class _NotANumber(ValueError):
    """NaN, Infinity or -Infinity stands where a value should."""


def parse_json(data: bytes | str, *, nan_to_null: bool = False, max_bytes: int | None = None) -> Any:
    """Read a JSON text.

    Args:
        data: The text; bytes are UTF-8, with or without a byte order mark.
        nan_to_null: Read NaN, Infinity and -Infinity as null, as for the output of a component. Otherwise they are
            refused.
        max_bytes: The most bytes that are read, or None for no bound.

    Returns:
        Dicts, lists, strings, ints, floats, bools and None.

    Raises:
        ValidationError: One sentence with what is wrong, and the line and column where that is known: too large, not
            UTF-8, malformed, nested too deeply, a key twice in one object, NaN, half of a surrogate pair, a number that
            is too large.
    """
    raw = _encoded(data)
    if max_bytes is not None and len(raw) > max_bytes:
        raise ValidationError(f"the JSON is too large: {len(raw):,} bytes, of which at most {max_bytes:,} are read")
    raw = raw.removeprefix(_BOM)
    with _no_garbage_collection(len(raw)):
        value = _parse_fast(raw)
        return _parse_strictly(raw, nan_to_null=nan_to_null) if value is _DOUBT else value


def _encoded(data: bytes | str) -> bytes:
    if not isinstance(data, str):
        return data
    try:
        return data.encode()
    except UnicodeEncodeError as error:
        where = at_line_and_column(data, error.start)
        raise ValidationError(f"not valid JSON: half of a surrogate pair{where}, which is not text") from error


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode()
        where = at_line_and_column(before, len(before))
        raise ValidationError(f"not UTF-8 text: the byte 0x{raw[error.start]:02x}{where}; save it as UTF-8") from error


@contextmanager
def _no_garbage_collection(size: int) -> Iterator[None]:
    """Pause Python's search for cycles: parsed JSON has none, and looking for them trebles the time of a large file."""
    if size < _MANY_BYTES or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _parse_fast(raw: bytes) -> Any:
    """The value, or `_DOUBT` where a strict reading might differ.

    A repeated key is seen by counting: written again, the value has as many colons as the text, unless a pair was lost
    or a colon was escaped.
    """
    if any(colon in raw for colon in _ESCAPED_COLONS) or _has_integer_of(_DIGITS_OF_64_BITS, raw):
        return _DOUBT
    try:
        value = orjson.loads(raw)
        written = orjson.dumps(value)
    except (ValueError, TypeError):  # malformed; nested too deeply for orjson
        return _DOUBT
    return value if written.count(b":") == raw.count(b":") else _DOUBT


def _has_integer_of(digits: int, raw: bytes) -> bool:
    """Whether an integer may have that many digits or more: a run of digits that does not follow a point."""
    zeros = raw.translate(_DIGITS_AS_ZEROS)
    at = zeros.find(b"0" * digits)
    while at >= 0:
        if at == 0 or zeros[at - 1 : at] != b".":
            return True
        end = _NO_ZERO.search(zeros, at)
        at = zeros.find(b"0" * digits, end.start()) if end else -1
    return False


def _parse_strictly(raw: bytes, *, nan_to_null: bool) -> Any:
    text = _decoded(raw)
    if not text.strip():
        raise ValidationError("not valid JSON: the text is empty")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_null if nan_to_null else _no_number,
            parse_int=_bounded_integer if _has_integer_of(MAX_INTEGER_DIGITS + 1, raw) else None,
        )
    except (ValueError, RecursionError) as error:
        raise ValidationError(_explained(error, text)) from error
    _refuse_what_json_lacks(value, text)
    return value


def _explained(error: ValueError | RecursionError, text: str) -> str:
    match error:
        case _Repeated():
            where = at_line_and_column(text, find_repeated_key(text))
            return f"not valid JSON: the key {error} is twice in one object{where}"
        case _NotANumber():
            constant = str(error)
            where = _where(text, lambda token: token == constant)
            return f"not valid JSON: {constant}{where} is not a number; use null"
        case json.JSONDecodeError():
            problem = error.msg[0].lower() + error.msg[1:].rstrip(": ").removesuffix(" at")
            return f"not valid JSON: {problem}{at_line_and_column(text, error.pos)}"
        case RecursionError():
            return _too_deep(text, find_too_deep(text, MAX_DEPTH))
        case _:  # CPython's own bound on integers, or ours
            where = _where(text, _is_huge_integer)
            return f"the integer{where} has more than {MAX_INTEGER_DIGITS:,} digits"


def _too_deep(text: str, index: int | None) -> str:
    return f"the JSON is nested more than {MAX_DEPTH} levels deep{at_line_and_column(text, index)}"


def _where(text: str, is_wanted: Callable[[str], bool]) -> str:
    found = find_token(text, is_wanted)
    return at_line_and_column(text, found and found[0])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    known: set[str] = set()
    for key, _ in pairs:
        if key in known:
            raise _Repeated(json.dumps(key if len(key) <= 60 else key[:57] + "..."))
        known.add(key)
    raise AssertionError("a dict is shorter than its pairs only where a key is repeated")


def _null(_constant: str) -> None:
    return None


def _no_number(constant: str) -> None:
    raise _NotANumber(constant)


def _bounded_integer(digits: str) -> int:
    if _is_huge_integer(digits):
        raise ValueError("too many digits")
    return int(digits)


def _is_huge_integer(token: str) -> bool:
    return len(token.removeprefix("-")) > MAX_INTEGER_DIGITS and token.removeprefix("-").isdecimal()


def _refuse_what_json_lacks(value: Any, text: str) -> None:
    """Refuse what the json module lets through: too many levels, numbers that overflow, torn surrogate pairs."""
    try:
        check_json_value(value)
    except ValidationError as error:
        if (deep := find_too_deep(text, MAX_DEPTH)) is not None:
            raise ValidationError(_too_deep(text, deep)) from error
        if where := _where(text, _overflows):
            raise ValidationError(f"not valid JSON: the number{where} is too large for a float") from error
        if where := _where(text, _is_torn_string):
            raise ValidationError(f"not valid JSON: the text{where} holds half of a surrogate pair") from error
        raise


def _overflows(token: str) -> bool:
    return token[0] in "-0123456789" and not token.removeprefix("-").isdecimal() and math.isinf(float(token))


def _is_torn_string(token: str) -> bool:
    if "\\u" not in token:
        return False
    try:
        json.loads(token).encode()
    except UnicodeEncodeError:
        return True
    return False
