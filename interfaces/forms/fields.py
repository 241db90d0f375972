"""The field of a form for the values of one interface."""

from __future__ import annotations

import json
from typing import Any

from interfaces.definition import ComponentInterface
from interfaces.forms.loosening import Field, loosened, without_required
from interfaces.images.formats import FORMATS
from interfaces.json_schemas import kind_schema
from interfaces.kinds import KIND_FACTS, InterfaceKindChoices

_K = InterfaceKindChoices

_FIXED_KEYS = ("type", "version")
"""Keys of annotations that are the same in each of a kind; forms don't ask for them, see `interfaces.forms.values`."""

_NARROWED_BY = {
    "string": ("enum", "minLength", "maxLength"),
    "integer": ("enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "number": ("enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "array": ("items", "minItems", "maxItems"),
}
_CHOSEN_FROM: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int, float),
    "number": (int, float),
}

MAX_EXAMPLE = 300
"""Longest example that a description shows, in characters."""


def field_of(
    interface: ComponentInterface, *, is_required: bool, is_list: bool = False, where: str = "anywhere"
) -> Field:
    """The field for the values of an interface: a JSON Schema (2020-12) in the words of the Prefect UI.

    Args:
        interface: The interface.
        is_required: Whether a value must be given.
        is_list: Whether it is a list of values.
        where: Where files may lie, for people: ``below /data``.
    """
    field = _typed(interface)
    description = _sentences(description_of(interface, where), _bounds(field))
    texts = {"title": interface.title, **({"description": description} if description else {})}
    field = {**(field if is_required else without_required(field)), **texts}
    if not is_list:
        return field
    return {**texts, "type": "array", "items": field, "minItems": 0}


def with_default(field: Field, value: Any) -> Field:
    """The field with a value that stands in it until a person changes it.

    Where the UI can't show one, as in an editor for JSON, the description tells it.
    """
    if isinstance(value, bool) and field.get("enum") == [True, False]:
        return {**_without_enum(field), "type": "boolean", "default": value}  # a switch says all then
    if field.get("type") in ("string", "integer", "number") or "enum" in field:
        return {**field, "default": value}
    return told(field, f"Unless given: {json.dumps(value, ensure_ascii=False)[:MAX_EXAMPLE]}")


def _without_enum(field: Field) -> Field:
    return {key: one for key, one in field.items() if key != "enum"}


def told(field: Field, sentence: str) -> Field:
    """The field with one more sentence in its description."""
    return {**field, "description": _sentences(field.get("description", ""), sentence)}


def _typed(interface: ComponentInterface) -> Field:
    if not interface.is_json_kind:
        return {"type": "string"}
    if interface.kind is _K.CHART:
        return {}
    schema = kind_schema(interface.kind)
    properties = schema.get("properties", {})
    if "version" in properties:
        schema = {
            **schema,
            "properties": {name: one for name, one in properties.items() if name not in _FIXED_KEYS},
            "required": [name for name in schema["required"] if name not in _FIXED_KEYS],
        }
    return _narrowed(loosened(schema), interface.schema)


def _narrowed(field: Field, own: Any) -> Field:
    """The field of a kind, narrowed by what an interface's own schema says besides."""
    kind = field.get("type")
    if kind is None:
        return field if "enum" in field else loosened(own)
    if not isinstance(own, dict) or kind not in _NARROWED_BY:
        return field
    found = loosened(own if "type" in own or "$ref" in own else {"type": kind, **own})
    made = {**field, **{key: found[key] for key in _NARROWED_BY[kind] if key in found}}
    if kind in _CHOSEN_FROM and "enum" in made:
        made["enum"] = [one for one in made["enum"] if _is_one_of(one, kind)]
        if not made["enum"]:
            return field
    if kind == "array" and made["items"].get("type") != "string":
        made["items"] = field["items"]
    return made


def _is_one_of(value: Any, kind: str) -> bool:
    return isinstance(value, _CHOSEN_FROM[kind]) and not isinstance(value, bool)


def description_of(interface: ComponentInterface, where: str = "anywhere") -> str:
    """What the value means, and how it is given."""
    return _sentences(interface.description, _how(interface, where), _pattern(interface.schema))


def _how(interface: ComponentInterface, where: str) -> str:
    facts = KIND_FACTS[interface.kind]
    if interface.kind is _K.DICOM_IMAGE_SET:
        return f"{facts.label}: path or URI of a folder with the DICOM files of one series, {where}"
    if interface.is_image_kind:
        suffixes = ", ".join(suffix for one in FORMATS for suffix in one.suffixes)
        return f"{facts.label}: path or URI of a file ({suffixes}) or a folder of DICOM files, {where}"
    if interface.is_file_kind:
        extensions = ", ".join((facts.extension, *facts.other_extensions))
        types = ", ".join(interface.allowed_file_types)
        return f"{facts.label}: path or URI of a file ({extensions}; {types}), {where}"
    if interface.kind in (_K.STRING, _K.INTEGER, _K.FLOAT, _K.BOOL, _K.CHOICE, _K.MULTIPLE_CHOICE):
        return ""
    text = f"{facts.label}: {facts.rule.replace('`', '')}"
    if interface.example_value is None:
        return text  # the built-in example of its kind has nothing to do with what is meant here
    example = json.dumps(interface.example_value.value, ensure_ascii=False)
    return f"{text}, such as {example}" if len(example) <= MAX_EXAMPLE else text


_BOUNDS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}


def _bounds(field: Field) -> str:
    """What Prefect's form does not show; what is beyond is refused when the form is sent."""
    said = [f"{words} {json.dumps(field[key])}" for key, words in _BOUNDS.items() if key in field]
    return " and ".join(said).capitalize()


def _pattern(schema: Any) -> str:
    pattern = schema.get("pattern") if isinstance(schema, dict) else None
    return f"Must match {pattern}" if isinstance(pattern, str) else ""


def _sentences(*texts: str) -> str:
    stripped = (text.strip() for text in texts if text.strip())
    return " ".join(text if text[-1] in ".!?]}" else f"{text}." for text in stripped)
