"""One line that says why a JSON value does not fit its schema.

jsonschema gives every error of a small value, of which the most telling is chosen. For a large value that would take
minutes and write the value out in full, so there the first error of jsonschema-rs serves; so it does where a schema has
regular expressions, on which a hostile text can keep Python's engine busy for ever.
"""

from __future__ import annotations

import reprlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import jsonschema
import jsonschema_rs
from jsonschema.exceptions import relevance

from interfaces.json_schema_checks import MASK, CompiledSchema
from interfaces.json_values import path_text

_MAX_PARTS = 20_000
_MAX_MESSAGE = 300
_ALTERNATIVES = ("anyOf", "oneOf")


def refusal(value: Any, schema: CompiledSchema) -> str:
    """Why a value that the schema refuses is refused, in one line with the path into the value."""
    line = None
    if schema.fast is None or (not schema.has_patterns and _is_small(value)):
        line = _explained(value, schema)
    if line is None and schema.fast is not None:
        line = _first_error(value, schema.fast)
    return line or "the value does not fit its schema"


def _explained(value: Any, schema: CompiledSchema) -> str | None:
    """The most telling error of jsonschema, or None where it can't say."""
    try:
        error = _most_telling(list(schema.explaining.iter_errors(value)))
        return _line(error.absolute_path, _with_short_instance(error)) if error else None
    except RecursionError:
        return None


def _most_telling(errors: Sequence[jsonschema.ValidationError]) -> jsonschema.ValidationError | None:
    """The error nearest to the top of the value; of alternatives, that of the one which the value fits best.

    An alternative fits well if what is wrong is deep within it, and if little is.
    """
    best: jsonschema.ValidationError | None = max(errors, key=relevance, default=None)
    while best is not None and best.context and best.validator in _ALTERNATIVES:
        branches: dict[Any, list[jsonschema.ValidationError]] = defaultdict(list)
        for error in best.context:
            branches[error.schema_path[0]].append(error)
        ranked = sorted(branches.values(), key=_misfit)
        if len(ranked) > 1 and _misfit(ranked[0]) == _misfit(ranked[1]):
            return best
        best = max(ranked[0], key=relevance)
    return best


def _misfit(errors: Iterable[jsonschema.ValidationError]) -> tuple[int, bool, int]:
    errors = list(errors)
    depth = min(len(error.path) for error in errors)
    another_type = any(not error.path and error.validator == "type" for error in errors)
    return -depth, another_type, len(errors)


def _with_short_instance(error: jsonschema.ValidationError) -> str:
    written = repr(error.instance)
    return error.message.replace(written, _short(error.instance)) if len(written) > 80 else error.message


def _first_error(value: Any, fast: jsonschema_rs.Validator) -> str | None:
    try:
        fast.validate(value)
    except jsonschema_rs.ValidationError as error:
        instance = value
        for part in error.instance_path:
            instance = instance[part]
        return _line(error.instance_path, error.message.replace(MASK, _short(instance)))
    return None


def _line(path: Iterable[str | int], message: str) -> str:
    where = path_text(path)
    message = " ".join(message.split())
    if len(message) > _MAX_MESSAGE:
        message = f"{message[: _MAX_MESSAGE - 100]} ... {message[-95:]}"
    return f"{where}: {message}" if where else message


def _short(instance: Any) -> str:
    writer = reprlib.Repr()
    writer.maxlevel, writer.maxdict, writer.maxlist, writer.maxtuple = 2, 3, 3, 3
    writer.maxstring = writer.maxlong = writer.maxother = 60
    return writer.repr(instance)


def _is_small(value: Any) -> bool:
    """Whether a value has few enough parts and characters to be explained at leisure."""
    left = _MAX_PARTS
    stack = [value]
    while stack and left > 0:
        part = stack.pop()
        left -= 1
        if isinstance(part, dict):
            left -= len(part)
            stack += part.values() if left > 0 else ()
        elif isinstance(part, (list, tuple)):
            left -= len(part)
            stack += part if left > 0 else ()
        elif isinstance(part, str):
            left -= len(part) // 10
    return left > 0
