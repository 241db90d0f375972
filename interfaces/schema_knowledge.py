"""What JSON Schemas of drafts 6 and 7 tell about a value: its types, bounds, keys and items."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from interfaces.json_schema_checks import JsonSchema

TYPES: Mapping[str, frozenset[str]] = {
    **{name: frozenset({name}) for name in ("null", "boolean", "object", "array", "string", "integer")},
    "number": frozenset({"integer", "fraction"}),
}
"""The types of JSON Schema in terms of types that don't overlap: a number is an "integer" or a "fraction"."""

ANY_TYPE: frozenset[str] = frozenset().union(*TYPES.values())


class Known:
    """What is known of a value: it satisfies all of these schemas."""

    def __init__(self, schemas: Sequence[JsonSchema]) -> None:
        self.parts: list[dict[str, Any]] = []
        self.is_impossible = False
        for schema in schemas:
            self._add(schema)
        self.is_impossible |= not self.types

    def _add(self, schema: JsonSchema) -> None:
        if schema is False:
            self.is_impossible = True
        # What stands beside "$ref" is ignored in these drafts, and where it leads is not followed.
        if not isinstance(schema, dict) or "$ref" in schema:
            return
        self.parts.append(schema)
        for one in schema.get("allOf", ()):
            self._add(one)

    def all(self, key: str) -> Iterator[Any]:
        """The values of a keyword."""
        return (part[key] for part in self.parts if key in part)

    @cached_property
    def types(self) -> frozenset[str]:
        """The types that the value may have; a number is an "integer" or a "fraction"."""
        found = ANY_TYPE
        for names in self.all("type"):
            found &= frozenset().union(*(TYPES[name] for name in ([names] if isinstance(names, str) else names)))
        return found

    @cached_property
    def values(self) -> list[Any] | None:
        """The only values that are possible; None where there may be others."""
        for one in self.all("const"):
            return [one]
        for several in self.all("enum"):
            return list(several)
        few: dict[str, list[Any]] = {"null": [None], "boolean": [True, False]}
        if self.types <= few.keys():
            return [value for name in self.types for value in few[name]]
        return None

    def at_least(self, key: str) -> float:
        """The greatest of lower bounds."""
        return max(self.all(key), default=-math.inf)

    def at_most(self, key: str) -> float:
        """The least of upper bounds."""
        return min(self.all(key), default=math.inf)

    @cached_property
    def required(self) -> set[str]:
        """Keys that an object has."""
        return {name for names in self.all("required") for name in names}

    @cached_property
    def named(self) -> set[str]:
        """Keys of an object that a schema names."""
        return {name for names in self.all("properties") for name in names}

    def property(self, name: str | None) -> Known:
        """What is known of the value under a key; None stands for any key that no schema names."""
        found: list[JsonSchema] = []
        for part in self.parts:
            own = part.get("properties", {})
            if name is not None and name in own:
                found.append(own[name])
            elif "additionalProperties" in part and not part.get("patternProperties"):
                found.append(part["additionalProperties"])
        return Known(found)

    def item(self, index: int) -> Known:
        """What is known of the value at an index of a list."""
        return Known([item_schema(part, index) for part in self.parts])


def item_schema(schema: dict[str, Any], index: int) -> JsonSchema:
    """The schema of the item at an index of a list."""
    items: Any = schema.get("items", True)
    if isinstance(items, list):
        items = items[index] if index < len(items) else schema.get("additionalItems", True)
    return items  # type: ignore[no-any-return]
