"""``interfaces:`` in a definition file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from slugify import slugify

from interfaces.catalogue.yaml_source import YamlSource
from interfaces.definition import ComponentInterface, ComponentInterfaceExampleValue
from interfaces.errors import DefinitionError, ValidationError
from interfaces.kinds import kind_from_text
from interfaces.overlays import LookUpTable, overlay_segments_from

KEYS = (
    "title",
    "slug",
    "description",
    "kind",
    "relative_path",
    "schema",
    "default_value",
    "example_value",
    "overlay_segments",
    "look_up_table",
    "store_in_database",
)


def read_interfaces(source: YamlSource) -> Iterator[ComponentInterface | DefinitionError]:
    """The interfaces of a file in their order; where one is wrong, its error."""
    try:
        entries = source.typed(("interfaces",), list)
    except DefinitionError as error:
        yield error
        return
    for index in range(len(entries)):
        try:
            yield _interface(source, ("interfaces", index))
        except DefinitionError as error:
            yield error


def _interface(source: YamlSource, path: tuple[str | int, ...]) -> ComponentInterface:
    data = source.mapping(path, required=("title", "kind", "relative_path"), known=KEYS)
    title = source.typed((*path, "title"), str)
    try:
        kind = kind_from_text(source.typed((*path, "kind"), str))
    except DefinitionError as error:
        raise error if error.file else source.error((*path, "kind"), error.message) from error
    interface = _build(source, path, data, title, kind)
    try:
        interface.clean()
    except ValidationError as error:
        field = str(error).split(" ", 1)[0].split("[")[0].split(".")[0]
        raise source.error((*path, field) if field in data else path, str(error)) from error
    return interface


def _build(
    source: YamlSource, path: tuple[str | int, ...], data: dict[str, Any], title: str, kind: Any
) -> ComponentInterface:
    try:
        segments = overlay_segments_from(data.get("overlay_segments") or [])
    except ValidationError as error:
        raise source.error((*path, "overlay_segments"), str(error)) from error
    return ComponentInterface(
        title=title,
        slug=source.typed((*path, "slug"), str, slugify(title)),
        description=source.typed((*path, "description"), str, ""),
        kind=kind,
        relative_path=source.typed((*path, "relative_path"), str),
        schema=source.typed((*path, "schema"), (dict, bool), None),
        default_value=data.get("default_value"),
        example_value=ComponentInterfaceExampleValue(value=data["example_value"]) if "example_value" in data else None,
        overlay_segments=segments,
        look_up_table=_look_up_table(source, (*path, "look_up_table")) if "look_up_table" in data else None,
        store_in_database=source.typed((*path, "store_in_database"), bool, None),
    )


def _look_up_table(source: YamlSource, path: tuple[str | int, ...]) -> LookUpTable:
    types = {field.name: {"int": int, "bool": bool}.get(str(field.type), str) for field in fields(LookUpTable)}
    data = source.mapping(path, required=("title", "color", "alpha"), known=tuple(types))
    return LookUpTable(**{key: source.typed((*path, key), types[key]) for key in data})
