"""Custom JSON Schemas: which are taken, and how they are compiled.

Drafts 3, 4, 6 and 7 are known by ``$schema``; without it a schema is draft 7. A schema may refer only to itself: no
reference is ever looked up in the network or in a file, neither when the schema is defined nor when a value is checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jsonschema
import jsonschema_rs
from jsonschema.protocols import Validator
from referencing import Registry, Specification
from referencing.jsonschema import DRAFT3, DRAFT4, DRAFT6, DRAFT7

from interfaces.errors import ValidationError
from interfaces.json_explaining import MAX_LOOKED_AROUND, explaining, takes_linear_time
from interfaces.json_schema_parts import (
    JsonSchema,
    parts,
    patterns_of,
    referred,
    with_encoded_references,
    without,
)
from interfaces.json_values import canonical_json, check_json_value, path_text

__all__ = ["CompiledSchema", "JsonSchema", "check_schema", "compile_trusted", "compiled"]


@dataclass(frozen=True, kw_only=True)
class _Draft:
    address: str
    checker: type[Validator]
    fast: type[jsonschema_rs.Validator] | None
    specification: Specification[Any]


_DRAFTS = {
    draft.address: draft
    for draft in (
        # jsonschema-rs has no draft 3, so that jsonschema does all the work there.
        _Draft(
            address="json-schema.org/draft-03/schema",
            checker=jsonschema.Draft3Validator,
            fast=None,
            specification=DRAFT3,
        ),
        _Draft(
            address="json-schema.org/draft-04/schema",
            checker=jsonschema.Draft4Validator,
            fast=jsonschema_rs.Draft4Validator,
            specification=DRAFT4,
        ),
        _Draft(
            address="json-schema.org/draft-06/schema",
            checker=jsonschema.Draft6Validator,
            fast=jsonschema_rs.Draft6Validator,
            specification=DRAFT6,
        ),
        _Draft(
            address="json-schema.org/draft-07/schema",
            checker=jsonschema.Draft7Validator,
            fast=jsonschema_rs.Draft7Validator,
            specification=DRAFT7,
        ),
    )
}
_DRAFT_7 = _DRAFTS["json-schema.org/draft-07/schema"]

_DRAFT_3_TYPES = frozenset({"any", "array", "boolean", "integer", "null", "number", "object", "string"})

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
        fast: Says yes or no; None where only `explaining` can: in draft 3, and where keys are held against patterns
            that look around, since jsonschema-rs could be kept busy by a long key.
        explaining: Says why not.
        has_alternatives: Whether it has "anyOf" or "oneOf".
    """

    fast: jsonschema_rs.Validator | None
    explaining: Validator
    has_alternatives: bool


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
    draft = _draft(schema)
    try:
        draft.checker.check_schema(schema)
        hidden = referred(schema, draft.specification) if isinstance(schema, dict) else []
        for part in hidden:
            draft.checker.check_schema(part)
        if draft.specification is DRAFT3:
            _check_types([schema, *hidden])
    except jsonschema.SchemaError as error:
        message = error.message if len(error.message) <= 300 else f"{error.message[:200]} ... {error.message[-90:]}"
        raise ValidationError(_with_path(error.absolute_path, message)) from error
    except (RecursionError, OverflowError) as error:  # of Python's own parser of patterns
        raise ValidationError("a pattern in it is nested too deeply or repeats something too often") from error
    return _compile(schema, draft, hidden)


def compile_trusted(schema: JsonSchema) -> CompiledSchema:
    """Compile a draft 7 schema whose own validity is known.

    Raises:
        ValidationError: A reference leads nowhere, or a pattern is no regular expression.
    """
    return _compile(schema, _DRAFT_7, [])


def _compile(schema: JsonSchema, draft: _Draft, hidden: list[Any]) -> CompiledSchema:
    """Compile a valid schema; `hidden` are its parts that only references find."""
    _check_nested_drafts(schema, draft, hidden)
    plain = without(schema, ("$schema",))
    by_place = list(parts(plain))
    everywhere = by_place + [part for root in hidden for part in parts(root)]
    slow = {pattern for part in everywhere for pattern in patterns_of(part) if not takes_linear_time(pattern)}
    can_be_bounded = slow <= {part.get("pattern") for part in by_place} and not any(
        slow & set(part.get("patternProperties", ())) for part in everywhere
    )
    return CompiledSchema(
        fast=_fast(plain, draft.fast, slow) if draft.fast is not None and can_be_bounded else None,
        explaining=explaining(draft.checker)(plain, registry=Registry()),
        has_alternatives=any("anyOf" in part or "oneOf" in part for part in everywhere),
    )


def _check_types(roots: list[Any]) -> None:
    """Refuse a type that no one knows; draft 3 itself takes any name, and jsonschema breaks on it with every value."""
    for part in (part for root in roots for part in parts(root)):
        for names in (part.get("type", []), part.get("disallow", [])):
            for name in names if isinstance(names, list) else [names]:
                if isinstance(name, str) and name not in _DRAFT_3_TYPES:
                    raise ValidationError(f"there is no type {name[:100]!r}")


def _check_nested_drafts(schema: JsonSchema, draft: _Draft, hidden: list[Any]) -> None:
    for part in [part for part in parts(schema) if part is not schema] + hidden:
        if isinstance(part, dict) and "$schema" in part and (part in hidden or _draft(part) is not draft):
            raise ValidationError("$schema stands within the schema; one draft holds for all of it, named at its top")


def _fast(plain: JsonSchema, made_by: type[jsonschema_rs.Validator], slow: set[str]) -> jsonschema_rs.Validator:
    copy = with_encoded_references(without(plain, _REMARKS))
    for part in parts(copy):
        if part.get("pattern") in slow:  # so that no text of it can be long; `matches` says the same
            part["maxLength"] = min(part.get("maxLength", MAX_LOOKED_AROUND), MAX_LOOKED_AROUND)
    try:
        return made_by(copy, validate_formats=False, offline=True, mask=MASK)
    except jsonschema_rs.ValidationError as error:
        message = error.message.partition("\n")[0].replace(MASK, "it")
        raise ValidationError(_with_path(error.instance_path, message)) from error
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise ValidationError(str(error).partition("\n")[0].replace(MASK, "it")) from error


def _with_path(path: Iterable[str | int], message: str) -> str:
    where = path_text(path)
    return f"{where}: {message}" if where else message


def _draft(schema: JsonSchema) -> _Draft:
    named = schema.get("$schema", _DRAFT_7.address) if isinstance(schema, dict) else _DRAFT_7.address
    address = re.sub(r"^https?://", "", named).removesuffix("#") if isinstance(named, str) else ""
    if address not in _DRAFTS:
        drafts = ", ".join(f"http://{known}#" for known in _DRAFTS)
        raise ValidationError(f"$schema {json.dumps(named)[:100]} is not supported; use one of {drafts}")
    return _DRAFTS[address]
