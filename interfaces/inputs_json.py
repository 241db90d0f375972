"""``/input/inputs.json``: what a component reads to find its inputs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from interfaces.kinds import InterfaceKindChoices, InterfaceSuperKindChoices
from interfaces.value import ComponentInterfaceValue

_THUMBNAILS = {InterfaceKindChoices.THUMBNAIL_JPG, InterfaceKindChoices.THUMBNAIL_PNG}


def _group(value: ComponentInterfaceValue) -> int:
    interface = value.interface
    if interface.kind == InterfaceKindChoices.CHART:
        return 2
    if interface.is_json_kind:
        return 0
    if interface.kind in _THUMBNAILS:
        return 1
    return 4 if interface.is_image_kind else 3


def describe_value(value: ComponentInterfaceValue) -> dict[str, Any]:
    """One entry of inputs.json, also used for the inputs and outputs in predictions.json."""
    interface = value.interface
    described = {
        "title": interface.title,
        "description": interface.description,
        "slug": interface.slug,
        "kind": interface.kind.label,
        "pk": interface.pk,
        "default_value": interface.default_value,
        "super_kind": interface.super_kind.label,
        "relative_path": interface.relative_path,
        "overlay_segments": interface.overlay_segments_json,
        "look_up_table": interface.look_up_table.as_json() if interface.look_up_table else None,
    }
    in_database = interface.super_kind == InterfaceSuperKindChoices.VALUE
    return {
        "interface": described,
        "socket": described,
        "value": value.value if in_database else None,
        "file": str(value.relative_path) if interface.super_kind == InterfaceSuperKindChoices.FILE else None,
        "image": {"pk": str(value.pk), "name": value.name} if interface.is_image_kind else None,
        "pk": value.pk,
    }


def inputs_json(values: Iterable[ComponentInterfaceValue]) -> list[dict[str, Any]]:
    """The list that is written to inputs.json: JSON, thumbnails, charts, files, images; by slug within each."""
    return [describe_value(value) for value in sorted(values, key=lambda one: (_group(one), one.interface.slug))]
