"""Custom JSON Schemas: which are taken, and how they are compiled.

Drafts 3, 4, 6 and 7 are known by ``$schema``; without it a schema is draft 7. A schema may refer only to itself: no
reference is ever looked up in the network or in a file, neither when the schema is defined nor when a value is checked.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, TypeAlias
from urllib.parse import quote, urldefrag

import jsonschema
import jsonschema_rs
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT3

from interfaces.errors import ValidationError
from interfaces.json_values import canonical_json, check_json_value, path_text

JsonSchema: TypeAlias = dict[str, Any] | bool

_DRAFTS: dict[str, tuple[type[Validator], type[jsonschema_rs.Validator] | None]] = {
    # jsonschema-rs has no draft 3, so that jsonschema does all the work there.
    "json-schema.org/draft-03/schema": (jsonschema.Draft3Validator, None),
    "json-schema.org/draft-04/schema": (jsonschema.Draft4Validator, jsonschema_rs.Draft4Validator),
    "json-schema.org/draft-06/schema": (jsonschema.Draft6Validator, jsonschema_rs.Draft6Validator),
    "json-schema.org/draft-07/schema": (jsonschema.Draft7Validator, jsonschema_rs.Draft7Validator),
}
_DEFAULT_DRAFT = "json-schema.org/draft-07/schema"

# Where schemas stand within a schema; everything else in it is data.
_ONE_OR_MANY: tuple[str, ...] = (
    *("additionalItems", "additionalProperties", "allOf", "anyOf", "contains", "disallow", "else", "extends"),
    *("if", "items", "not", "oneOf", "propertyNames", "then", "type"),
)
_BY_NAME = ("$defs", "definitions", "dependencies", "patternProperties", "properties")
# jsonschema takes these as remarks, and so does grand-challenge.org; jsonschema-rs would enforce them.
_REMARKS = ("contentEncoding", "contentMediaType", "format")

MAX_SCHEMA_DEPTH = 80
"""Most levels of a custom schema; checking it takes about six Python frames a level, of the usual 1,000."""

MASK = "\ufffc"
"""Stands for the value in the messages of `CompiledSchema.fast`, which would write even a huge one in full."""


@dataclass(frozen=True, kw_only=True)
class CompiledSchema:
    """A schema, ready to use.

    Attributes:
        fast: Says yes or no; None for draft 3.
        explaining: Says why not.
        has_patterns: Whether it has regular expressions, which `explaining` could try for ever on a hostile text.
        has_alternatives: Whether it has "anyOf" or "oneOf".
    """

    fast: jsonschema_rs.Validator | None
    explaining: Validator
    has_patterns: bool
    has_alternatives: bool


class TooDeep(Exception):
    """A value is nested too deeply for jsonschema, or a schema refers to itself without end."""


def check_schema(schema: object) -> None:
    """Refuse what can't serve as a custom schema.

    Raises:
        ValidationError: One line: no object, another draft, an invalid schema (with the path into it), or a
            reference to something outside the schema.
    """
    compiled(schema)


def compiled(schema: object) -> CompiledSchema:
    """A custom schema, compiled once for all schemas that are equal.

    Raises:
        ValidationError: As `check_schema`.
    """
    if not isinstance(schema, (dict, bool)):
        raise ValidationError(f"a JSON Schema is an object, not {type(schema).__name__}")
    try:
        check_json_value(schema, max_depth=MAX_SCHEMA_DEPTH)
        return _compiled(canonical_json(schema))
    except ValidationError as error:
        raise ValidationError(f"the JSON Schema is not valid: {error}") from error


@lru_cache(maxsize=256)
def _compiled(text: bytes) -> CompiledSchema:
    schema = json.loads(text)
    checker, fast = _draft(schema)
    try:
        checker.check_schema(schema)
        _check_references(schema)
        return compile_trusted(schema, checker=checker, fast=fast)
    except jsonschema.SchemaError as error:
        where = path_text(error.absolute_path)
        message = error.message if len(error.message) <= 300 else f"{error.message[:200]} ... {error.message[-90:]}"
        raise ValidationError(f"{where}: {message}" if where else message) from error


def compile_trusted(
    schema: JsonSchema,
    *,
    checker: type[Validator] = jsonschema.Draft7Validator,
    fast: type[jsonschema_rs.Validator] | None = jsonschema_rs.Draft7Validator,
) -> CompiledSchema:
    """Compile a schema whose own validity is known, for one draft.

    Raises:
        ValidationError: A reference leads nowhere, or a pattern is no regular expression.
    """
    parts = list(_parts(schema))
    patterns = [pattern for part in parts for pattern in _patterns(part)]
    try:
        quick = (
            fast(_encoded(_without(schema, _REMARKS)), validate_formats=False, offline=True, mask=MASK)
            if fast
            else None
        )
    except (
        ValueError,
        jsonschema_rs.ReferencingError,
    ) as error:  # jsonschema_rs.ValidationError is a ValueError
        raise ValidationError(str(error).partition("\n")[0].replace(MASK, "it")) from error
    if quick is None:
        _check_patterns(patterns)
        _check_targets(parts)
    return CompiledSchema(
        fast=quick,
        explaining=_explaining(checker)(_without(schema, ("$schema",)), registry=Registry()),
        has_patterns=bool(patterns),
        has_alternatives=any("anyOf" in part or "oneOf" in part for part in parts),
    )


@cache
def _explaining(checker: type[Validator]) -> type[Validator]:
    """A validator class of jsonschema that takes tuples for lists, and stops before the stack ends.

    A RecursionError within jsonschema can surface as the panic of a native library, which no one should catch. Endless
    recursion passes through "$ref". (The class holds only for schemas without "$schema": by that, jsonschema would
    choose its own class for each part.)
    """
    follow = checker.VALIDATORS["$ref"]

    def reference(validator: Validator, target: str, instance: Any, schema: Any) -> Iterator[Any]:
        if _stack_depth() > sys.getrecursionlimit() // 2:
            raise TooDeep
        yield from follow(validator, target, instance, schema) or ()

    array = checker.TYPE_CHECKER.redefine("array", lambda _, value: isinstance(value, (list, tuple)))
    extended: type[Validator] = extend(  # type: ignore[no-untyped-call]
        checker, validators={"$ref": reference}, type_checker=array
    )
    return extended


def _stack_depth() -> int:
    frame, depth = sys._getframe(), 0
    while frame := frame.f_back:  # type: ignore[assignment]
        depth += 1
    return depth


def _draft(schema: JsonSchema) -> tuple[type[Validator], type[jsonschema_rs.Validator] | None]:
    named = schema.get("$schema", _DEFAULT_DRAFT) if isinstance(schema, dict) else _DEFAULT_DRAFT
    address = re.sub(r"^https?://", "", named).removesuffix("#") if isinstance(named, str) else ""
    if address not in _DRAFTS:
        drafts = ", ".join(f"http://{known}#" for known in _DRAFTS)
        raise ValidationError(f"$schema {json.dumps(named)[:100]} is not supported; use one of {drafts}")
    return _DRAFTS[address]


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """The schema and each schema within it."""
    todo = [schema]
    while todo:
        part = todo.pop()
        if not isinstance(part, dict):
            continue
        yield part
        for key in _ONE_OR_MANY:
            within = part.get(key)
            todo += within if isinstance(within, list) else [within]
        for key in _BY_NAME:
            within = part.get(key)
            todo += within.values() if isinstance(within, dict) else []


def _check_references(schema: JsonSchema) -> None:
    """Refuse a reference to another document.

    Raises:
        ValidationError: Names the reference.
    """
    if not isinstance(schema, dict):
        return
    own = schema.get("$id", schema.get("id", ""))
    own_address = urldefrag(own).url if isinstance(own, str) else ""
    for part in _parts(schema):
        reference = part.get("$ref", "")
        if not isinstance(reference, str):
            raise ValidationError("$ref must be a string")
        if urldefrag(reference).url not in ("", own_address):
            raise ValidationError(
                f"$ref '{reference[:100]}' points outside the schema; only references such as "
                "'#/definitions/point' are followed"
            )


def _without(schema: Any, keywords: tuple[str, ...]) -> Any:
    """A copy of the schema in which no part has any of the keywords."""
    if isinstance(schema, list):
        return [_without(part, keywords) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: value for key, value in schema.items() if key not in keywords}
    for key in made.keys() & set(_ONE_OR_MANY):
        made[key] = _without(made[key], keywords)
    for key in made.keys() & set(_BY_NAME):
        if isinstance(made[key], dict):
            made[key] = {name: _without(part, keywords) for name, part in made[key].items()}
    return made


def _encoded(schema: Any) -> Any:
    """The schema, its references percent-encoded in place, since jsonschema-rs takes no others."""
    for part in _parts(schema):
        if isinstance(part.get("$ref"), str):
            part["$ref"] = quote(part["$ref"], safe="#/%:?&=@!$'()*+,;~")
    return schema


def _patterns(part: dict[str, Any]) -> list[str]:
    return ([part["pattern"]] if "pattern" in part else []) + list(part.get("patternProperties", {}))


def _check_targets(parts: list[dict[str, Any]]) -> None:
    """Refuse a reference within a draft 3 schema that leads nowhere; for the others jsonschema-rs does."""
    root = DRAFT3.create_resource(parts[0])
    resolver = Registry().resolver_with_root(root)
    for part in parts:
        try:
            resolver.lookup(part.get("$ref", "#"))
        except Unresolvable as error:
            raise ValidationError(f"$ref '{part['$ref']}' leads nowhere") from error


def _check_patterns(patterns: list[str]) -> None:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValidationError(f"the pattern {pattern[:100]!r} is not a regular expression: {error}") from error
