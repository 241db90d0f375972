"""What was submitted by a form, as it would be handed in in Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interfaces.definition import ComponentInterface
from interfaces.forms.loosening import Field
from interfaces.json_schemas import kind_schema
from interfaces.kinds import InterfaceKindChoices

ANNOTATION_VERSION = {"major": 1, "minor": 0}
"""The version of the format that annotations have; forms don't ask for it."""

_NOTHING = object()


def filled_in(given: Mapping[str, Any], box: Field, interfaces: Mapping[str, ComponentInterface]) -> dict[str, Any]:
    """The inputs that a person has filled in; what was left empty is not given.

    An optional field is empty if it is null, an empty text or an empty box; a required one if it is null. In an editor
    for JSON, null is what somebody wrote, and so a value.

    Args:
        given: What was submitted by input.
        box: The box of the inputs, see `interfaces.forms.parameters`.
        interfaces: The interface of each input by its name.
    """
    found: dict[str, Any] = {}
    for name, value in given.items():
        field = box["properties"].get(name, {})
        value = _filled_in(value, field, is_required=name in box.get("required", ()))
        if value is not _NOTHING:
            found[name] = _completed(value, interfaces.get(name))
    return found


def _filled_in(value: Any, field: Field, *, is_required: bool) -> Any:
    has_type = "type" in field or "enum" in field
    if (value is None and has_type) or (value == "" and has_type and not is_required):
        return _NOTHING
    if isinstance(value, dict) and "properties" in field:
        required = field.get("required", ())
        parts = {
            name: _filled_in(one, field["properties"].get(name, {}), is_required=name in required)
            for name, one in value.items()
        }
        kept = {name: one for name, one in parts.items() if one is not _NOTHING}
        return kept if kept or is_required else _NOTHING
    if isinstance(value, list) and isinstance(field.get("items"), dict):
        parts_of = [_filled_in(one, field["items"], is_required=True) for one in value]
        return [None if one is _NOTHING else one for one in parts_of]
    return value


def _completed(value: Any, interface: ComponentInterface | None) -> Any:
    """An annotation with its type and version, which are the same in each."""
    if interface is None or not interface.is_json_kind or interface.kind is InterfaceKindChoices.CHART:
        return value
    if "version" not in kind_schema(interface.kind).get("properties", {}):
        return value
    if isinstance(value, list):
        return [_completed(one, interface) for one in value]
    if not isinstance(value, dict):
        return value
    return {"type": interface.kind.label, "version": ANNOTATION_VERSION, **value}
