"""From a JSON Schema of any draft to one that a form can show, and that takes at least the same values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from interfaces.schema_references import without_references

Field: TypeAlias = dict[str, Any]

_SHOWN_TYPES = ("string", "integer", "number", "boolean", "array", "object")
_LISTED_TYPES = ("string", "object")
_BOUNDS = {
    "string": ("minLength", "maxLength"),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "array": ("minItems", "maxItems"),
}

MAX_FIELDS = 200
"""Most fields that are made of one schema; what lies beyond is written as JSON."""

MAX_SAMPLE = 4
"""Most elements of a list in the sample that shows how it is written."""


def loosened(schema: Any) -> Field:
    """The field for the values of a schema; without a type, it is an editor for JSON.

    A keyword that no field stands for is left out, since the values are checked against the whole schema anyway. Where
    what is left says too little for a field of its own, values are written as JSON.

    Args:
        schema: A JSON Schema of draft 3, 4, 6 or 7.
    """
    return _Loosening().field(without_references(schema))


class _Loosening:
    """One pass through a schema; what refers to itself is written as JSON."""

    def __init__(self) -> None:
        self._left = MAX_FIELDS

    def field(self, schema: Any) -> Field:
        self._left -= 1
        if not isinstance(schema, dict) or self._left < 0 or "$ref" in schema:
            return {}
        texts = {key: schema[key] for key in ("title", "description") if isinstance(schema.get(key), str)}
        if (choices := _choices(schema)) is not None:
            return {**texts, **choices}
        kind = schema.get("type")
        if kind not in _SHOWN_TYPES:
            return texts
        if kind == "boolean":
            # Chosen from a list: a switch that nobody has touched could not be told from one that is off.
            return {**texts, "enum": [True, False]}
        field = {**texts, "type": kind, **_bounds(schema, kind)}
        if kind == "array":
            return self._list(field, schema.get("items"))
        return self._box(field, schema) if kind == "object" else field

    def _list(self, field: Field, items: Any) -> Field:
        item = self.field(items)
        if item.get("type") in _LISTED_TYPES or "enum" in item:
            # The UI takes an empty list for none where a list is required, unless it is told that it may be empty.
            return {"minItems": 0, **field, "items": titled("item", item)}
        # Coordinates are sooner written than clicked together.
        return as_json({**field, "items": item})

    def _box(self, field: Field, schema: dict[str, Any]) -> Field:
        properties, required = schema.get("properties"), schema.get("required")
        if not isinstance(properties, dict) or not properties:
            return as_json(field)
        needed = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
        if not set(needed) <= set(properties):
            return as_json(field)
        shown = {
            name: _with_sample(self.field(one))
            for name, one in properties.items()
            if name in needed or not (isinstance(one, dict) and "const" in one)  # nothing to fill in
        }
        return boxed(field, shown, needed)


def _choices(schema: dict[str, Any]) -> Field | None:
    """What is chosen from a list, or None; only plain values can be."""
    values = schema.get("enum")
    if not isinstance(values, list) or not values or not all(isinstance(one, str | int | float) for one in values):
        return None
    return {"type": "string", "enum": values} if all(isinstance(one, str) for one in values) else {"enum": values}


def _bounds(schema: dict[str, Any], kind: str) -> Field:
    # In drafts 3 and 4 the exclusive bounds are true or false; they only make the others stricter.
    return {
        key: schema[key]
        for key in _BOUNDS.get(kind, ())
        if isinstance(schema.get(key), int | float) and not isinstance(schema[key], bool)
    }


def _with_sample(field: Field) -> Field:
    """A list that is written as JSON, with what its elements are and how it is written."""
    if "type" in field or "items" not in field:
        return field
    texts: list[str] = []
    inner: Any = field
    while isinstance(inner, dict):
        texts += [inner["description"]] if "description" in inner else []
        inner = inner.get("items")
    sample = json.dumps(_sample(field))
    return {**field, "description": " ".join([*texts, f"As JSON, such as {sample}"])}


def _sample(field: Field) -> Any:
    """A list of zeros of that form."""
    if "items" not in field:
        return 0
    return [_sample(field["items"])] * max(1, min(int(field.get("minItems", 1)), MAX_SAMPLE))


def boxed(field: Field, fields: Mapping[str, Field], required: list[str]) -> Field:
    """A box of fields in their order; what is within an optional box is optional too."""
    placed = {
        name: {**titled(name, one if name in required else without_required(one)), "position": position}
        for position, (name, one) in enumerate(fields.items())
    }
    return {**field, "type": "object", "properties": placed, **({"required": required} if required else {})}


def titled(name: str, field: Field) -> Field:
    """The field with a title, which the UI has as its label."""
    return {"title": name.replace("_", " ").capitalize(), **field}


def without_required(field: Field) -> Field:
    """The field for a value that may be left out: a box that nobody has touched is empty, and must not be refused."""
    made = {key: value for key, value in field.items() if key != "required"}
    if "properties" in made:
        made["properties"] = {name: without_required(one) for name, one in made["properties"].items()}
    return made


def as_json(field: Field) -> Field:
    """The same field without a type, so that its value is written as JSON."""
    return {key: value for key, value in field.items() if key != "type"}
