"""The schemas within a JSON Schema: where they stand, what they refer to, and copies that lack some keywords."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias
from urllib.parse import quote, urldefrag

from referencing import Registry, Specification
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT3, DRAFT4

from interfaces.errors import ValidationError

JsonSchema: TypeAlias = dict[str, Any] | bool

# Where schemas stand within a schema; everything else in it is data.
ONE_OR_MANY: tuple[str, ...] = (
    *("additionalItems", "additionalProperties", "allOf", "anyOf", "contains", "disallow", "else", "extends"),
    *("if", "items", "not", "oneOf", "propertyNames", "then", "type"),
)
BY_NAME = ("$defs", "definitions", "dependencies", "patternProperties", "properties")


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """The schema and each schema within it."""
    todo = [schema]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            yield part
            todo += _within(part)


def _within(part: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    for key in ONE_OR_MANY:
        within = part.get(key)
        found += within if isinstance(within, list) else [within]
    for key in BY_NAME:
        within = part.get(key)
        found += within.values() if isinstance(within, dict) else []
    return found


def patterns_of(part: dict[str, Any]) -> list[str]:
    """The regular expressions of one part."""
    return ([part["pattern"]] if "pattern" in part else []) + list(part.get("patternProperties", {}))


def referred(schema: dict[str, Any], specification: Specification[Any]) -> list[Any]:
    """What references lead to that is no part by its place: a schema under a key that the draft does not know.

    Args:
        schema: The schema.
        specification: Its draft, which says what the keyword of an address is.

    Raises:
        ValidationError: A reference leads to another document, or nowhere; the text names it.
    """
    own_address = _address(schema.get("id" if specification in (DRAFT3, DRAFT4) else "$id", ""))
    known: set[int] = set()
    found: list[Any] = []
    todo = [(schema, Registry().resolver_with_root(specification.create_resource(schema)))]
    while todo:
        part, resolver = todo.pop()
        if not isinstance(part, dict) or id(part) in known:
            continue
        known.add(id(part))
        if part is not schema:
            resolver = resolver.in_subresource(specification.create_resource(part))
        todo += [(within, resolver) for within in _within(part)]
        if "$ref" not in part:
            continue
        reference = part["$ref"]
        if not isinstance(reference, str):
            raise ValidationError("$ref must be a string")
        if _address(reference) not in ("", own_address):
            raise ValidationError(
                f"$ref '{reference[:100]}' points outside the schema; only references such as "
                "'#/definitions/point' are followed"
            )
        try:
            target = resolver.lookup(reference)
        # AttributeError: of the library, which takes the keys of a draft 3 "extends" for schemas.
        except (Unresolvable, ValueError, TypeError, AttributeError) as error:
            raise ValidationError(f"$ref '{reference[:100]}' leads nowhere") from error
        todo.append((target.contents, target.resolver))
        found.append(target.contents)
    by_place = set(map(id, parts(schema)))
    return [target for target in found if id(target) not in by_place]


def _address(reference: object) -> str:
    """A reference without its fragment; one that can't be parsed is none of ours."""
    try:
        return urldefrag(reference).url if isinstance(reference, str) else ""
    except ValueError:
        return "?"


def without(schema: Any, keywords: tuple[str, ...]) -> Any:
    """A copy of the schema in which no part has any of the keywords."""
    if isinstance(schema, list):
        return [without(part, keywords) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: value for key, value in schema.items() if key not in keywords}
    for key in made.keys() & set(ONE_OR_MANY):
        made[key] = without(made[key], keywords)
    for key in made.keys() & set(BY_NAME):
        if isinstance(made[key], dict):
            made[key] = {name: without(part, keywords) for name, part in made[key].items()}
    return made


def with_encoded_references(schema: Any) -> Any:
    """The schema, its references percent-encoded in place, since jsonschema-rs takes no others (nor an empty one)."""
    for part in parts(schema):
        if isinstance(part.get("$ref"), str):
            part["$ref"] = quote(part["$ref"], safe="#/%:?&=@!$'()*+,;~") or "#"
    return schema
