"""A JSON Schema without references: what each leads to stands in its place."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from interfaces.json_schema_parts import BY_NAME, ONE_OR_MANY, JsonSchema

MAX_PARTS = 5_000
"""Most schemas within a schema without references; one of references to references doubles with each."""

_KEPT_APART = frozenset({"definitions", "$defs"})


def without_references(schema: JsonSchema) -> JsonSchema:
    """Put what each ``$ref`` leads to in its place.

    Args:
        schema: A valid schema of draft 6 or 7, in which what stands beside ``$ref`` is ignored.

    Returns:
        A schema that the same values satisfy. It keeps its references where they lead back to themselves, by an
        ``$id``, or to more than `MAX_PARTS` parts.
    """
    try:
        return _Inliner(schema).part(schema, ())
    except _TooLarge:
        return schema


class _TooLarge(Exception):
    """The schema is too large without references."""


class _Inliner:
    def __init__(self, root: JsonSchema) -> None:
        self.root = root
        self.parts = 0

    def part(self, schema: JsonSchema, following: tuple[str, ...]) -> JsonSchema:
        """One schema within the root; `following` are the references that led to it."""
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise _TooLarge
        # References in a part with an address of its own are to be read from there.
        if not isinstance(schema, dict) or ("$id" in schema and schema is not self.root):
            return schema
        if "$ref" in schema:
            reference = schema["$ref"]
            found, target = self._target(reference)
            return self.part(target, (*following, reference)) if found and reference not in following else schema
        return {key: self._value(key, value, following) for key, value in schema.items() if key not in _KEPT_APART}

    def _value(self, key: str, value: Any, following: tuple[str, ...]) -> Any:
        if key in BY_NAME and isinstance(value, dict):
            # Under "dependencies" a list of names may stand for a schema.
            return {name: one if isinstance(one, list) else self.part(one, following) for name, one in value.items()}
        if key in ONE_OR_MANY and isinstance(value, list):
            return [self.part(one, following) for one in value]
        return self.part(value, following) if key in ONE_OR_MANY else value

    def _target(self, reference: str) -> tuple[bool, Any]:
        """What a JSON Pointer (RFC 6901) in a fragment leads to, and whether it does."""
        node: Any = self.root
        if not reference.startswith("#/"):
            return False, None
        for token in unquote(reference[2:]).split("/"):
            name = token.replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict) and name in node:
                node = node[name]
            elif isinstance(node, list) and name.isdecimal() and int(name) < len(node):
                node = node[int(name)]
            else:
                return False, None
        return isinstance(node, dict | bool), node
