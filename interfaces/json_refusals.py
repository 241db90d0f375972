"""One line that says why a JSON value does not fit its schema.

jsonschema gives every error of a small value, of which the most telling is chosen. With a large one, or one that makes
it follow very many references, that would take minutes, so of that only the beginning of each list is looked at; where
nothing is wrong there, the first error of jsonschema-rs serves. Not with alternatives, though: of them jsonschema-rs
keeps all errors of all parts, for which a chart of a few kilobytes can take all memory.
"""

from __future__ import annotations

import reprlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

import jsonschema
import jsonschema_rs

from interfaces.json_explaining import TooMuch, bounded_steps
from interfaces.json_schema_checks import MASK, CompiledSchema
from interfaces.json_values import path_text

_SMALL = 20_000
_MAX_STEPS = 20_000
_KEPT_ITEMS = 20
_KEPT_CHARACTERS = 1000
_KEPT_KEYS = 1000
_KEPT_LEVELS = 30
_MAX_MESSAGE = 400
_ALTERNATIVES = ("anyOf", "oneOf")

_Misfit: TypeAlias = tuple[int, bool, int]


def refusal(value: Any, schema: CompiledSchema) -> str:
    """Why a value that the schema refuses is refused, in one line with the path into the value."""
    line = _explained(value, schema, is_whole=True) if _is_small(value) else None
    line = line or _explained(value, schema, is_whole=False)
    if line is None and schema.fast is None:
        line = _told(next(schema.explaining.iter_errors(value)))  # found once before, in the same time
    elif line is None and schema.fast is not None and not schema.has_alternatives:
        line = _first_error(value, schema.fast)
    return line or "the value does not fit its schema; it is too large or too deep to say where"


def _explained(value: Any, schema: CompiledSchema, *, is_whole: bool) -> str | None:
    """The most telling error of jsonschema for the whole value or its beginning, or None where it can't say."""
    try:
        looked_at = value if is_whole else _beginning(value)
        if not is_whole and not _is_small(looked_at):
            return None
        with bounded_steps(_MAX_STEPS):
            error = _most_telling(list(schema.explaining.iter_errors(looked_at)))
    except TooMuch:
        return None
    if error is None or (not is_whole and _may_come_from_cutting(error.instance)):
        return None
    return _told(error)


def _told(error: jsonschema.ValidationError) -> str:
    if choices := list(dict.fromkeys(_choices(error))):
        word = "none of" if len(choices) > 1 else "not of" if choices[0].startswith("type ") else "not"
        return _line(error.absolute_path, f"{_short(error.instance)} is {word} {', '.join(choices)}")
    written = repr(error.instance)
    message = error.message.replace(written, _short(error.instance)) if len(written) > 80 else error.message
    return _line(error.absolute_path, message)


def _most_telling(errors: Sequence[jsonschema.ValidationError]) -> jsonschema.ValidationError | None:
    """The error nearest to the top of the value; of alternatives, that of the one which the value fits best."""
    best = max(errors, key=_relevance, default=None)
    while best is not None and (branches := _branches(best)):
        ranked = sorted(branches, key=_misfit)
        is_tie = len(ranked) > 1 and _misfit(ranked[0]) == _misfit(ranked[1])
        if is_tie or any(_choices(best)):
            return best
        best = max(ranked[0], key=_relevance)
    return best


def _relevance(error: jsonschema.ValidationError) -> tuple[int, bool]:
    """The nearer to the top of the value the better, then the more definite; the first of equals is taken."""
    return -len(error.path), error.validator not in _ALTERNATIVES


def _branches(error: jsonschema.ValidationError) -> list[list[jsonschema.ValidationError]]:
    """The errors of each alternative, or nothing where the error is not about alternatives."""
    branches: dict[Any, list[jsonschema.ValidationError]] = defaultdict(list)
    for inner in error.context or () if error.validator in _ALTERNATIVES else ():
        # A false alternative has no path of its own.
        branches[inner.schema_path[0] if inner.schema_path else id(inner)].append(inner)
    return list(branches.values())


def _misfit(errors: Iterable[jsonschema.ValidationError]) -> _Misfit:
    """How badly an alternative fits, to sort by: well if what is wrong is deep within the value, and if little is."""
    each = [_misfit_of_one(error) for error in errors]
    return max(depth for depth, _, _ in each), any(other for _, other, _ in each), sum(count for _, _, count in each)


def _misfit_of_one(error: jsonschema.ValidationError) -> _Misfit:
    depth = -len(error.path)
    branches = _branches(error)
    if not branches:
        return depth, depth == 0 and error.validator == "type", 1
    inner_depth, is_another_type, count = min(_misfit(branch) for branch in branches)
    return depth + inner_depth, depth == 0 and is_another_type, count


def _choices(error: jsonschema.ValidationError) -> Iterator[str]:
    """What may stand there instead, if the alternatives are as simple as that: types and constants."""
    branches = _branches(error)
    simple = [list(_simple_choices(branch)) for branch in branches]
    if len(simple) > 1 and all(simple):
        for choices in simple:
            yield from choices


def _simple_choices(branch: Sequence[jsonschema.ValidationError]) -> Iterator[str]:
    error = branch[0]
    if len(branch) > 1 or error.path:
        return
    wanted: Any = error.validator_value
    if error.validator == "type":
        yield from (
            f"type {name}" for name in ([wanted] if isinstance(wanted, str) else wanted) if isinstance(name, str)
        )
    elif error.validator == "const":
        yield repr(wanted)
    elif error.validator == "enum":
        yield from map(repr, wanted)
    else:
        yield from _choices(error)


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
    left = _SMALL
    stack = [value]
    while stack and left > 0:
        part = stack.pop()
        if isinstance(part, (dict, list, tuple)):
            left -= len(part) + 1
            stack += () if left <= 0 else part.values() if isinstance(part, dict) else part
        elif isinstance(part, str):
            left -= len(part) // 10
    return left > 0


def _beginning(value: Any, level: int = 0) -> Any:
    """A copy with the first items of each list, keys of each object and characters of each text."""
    if level > _KEPT_LEVELS:
        raise TooMuch
    if isinstance(value, dict):
        return {key: _beginning(item, level + 1) for key, item in islice(value.items(), _KEPT_KEYS)}
    if isinstance(value, (list, tuple)):
        return [_beginning(item, level + 1) for item in value[:_KEPT_ITEMS]]
    return value[:_KEPT_CHARACTERS] if isinstance(value, str) else value


def _may_come_from_cutting(instance: Any) -> bool:
    """Whether an error at `instance` may be there only because of what `_beginning` left out."""
    if isinstance(instance, dict):
        return len(instance) >= _KEPT_KEYS
    return isinstance(instance, list) or (isinstance(instance, str) and len(instance) >= _KEPT_CHARACTERS)
