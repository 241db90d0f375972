"""``interfaces:`` in a definition file: the interfaces that a person defines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from interfaces.catalogue.section import Section
from interfaces.catalogue.yaml_source import KeyPath, YamlSource
from interfaces.definition import ComponentInterface, ComponentInterfaceExampleValue, JsonSchema
from interfaces.errors import DefinitionError
from interfaces.kinds import InterfaceKindChoices, kind_from_text
from interfaces.overlays import MAX_SEGMENTS, Interpolation, LookUpTable, OverlaySegment

ROOT = "interfaces"
REQUIRED = ("title", "kind", "relative_path")
KEYS = (
    *REQUIRED,
    *("slug", "description", "schema", "default_value", "example_value"),
    *("overlay_segments", "look_up_table", "store_in_database"),
)
SEGMENT_KEYS = ("name", "visible", "voxel_value")
TABLE_TEXTS = ("title", "color", "alpha", "color_invert", "alpha_invert")
TABLE_INTERPOLATIONS = ("color_interpolation", "color_interpolation_invert")
TABLE_KEYS = (*TABLE_TEXTS, *TABLE_INTERPOLATIONS, "range_min", "range_max", "relative")


def read_interfaces(
    source: YamlSource, problems: list[DefinitionError]
) -> Iterator[tuple[ComponentInterface, KeyPath]]:
    """The interfaces of a file with their places in it, in their order.

    Args:
        source: A file with the key ``interfaces``.
        problems: Takes what is wrong; an interface with a problem is left out.
    """
    for index in Section(source, (), problems, required=(ROOT,)).entries(ROOT, wanted="at least one interface"):
        path = (ROOT, index)
        if interface := _interface(Section(source, path, problems, known=KEYS, required=REQUIRED)):
            yield interface, path


def _interface(section: Section) -> ComponentInterface | None:
    before = len(section.problems)
    title, slug = section.title_and_slug()
    kind = _kind(section)
    fields: dict[str, Any] = {
        "relative_path": section.text("relative_path"),
        "description": section.lines("description"),
        "schema": _schema(section),
        "default_value": _default_value(section),
        "example_value": _example_value(section),
        "overlay_segments": _overlay_segments(section),
        "look_up_table": _look_up_table(section),
        "store_in_database": section.flag("store_in_database", None),
    }
    if kind is None:
        return None
    interface = ComponentInterface(title=title, slug=slug or "none", kind=kind, **fields)
    for field, message in interface.find_problems().items():
        if field not in section.faulty:
            _report(section, field, message)
    return interface if len(section.problems) == before else None


def _report(section: Section, field: str, message: str) -> None:
    """Add a broken rule at the key that it is about."""
    key_of_table = message.split(" ", 1)[0]
    if field == "look_up_table" and key_of_table in TABLE_KEYS:
        section.problem(message.removeprefix(f"{key_of_table} "), field, key_of_table)
    elif field in section.data:
        section.problem(message.removeprefix(f"{field} "), field)
    else:
        section.problem(message)


def _kind(section: Section) -> InterfaceKindChoices | None:
    text = section.text("kind")
    if not text:
        return None
    try:
        return kind_from_text(text)
    except DefinitionError as error:
        section.problem(error.message, "kind")
        return None


def _schema(section: Section) -> JsonSchema | None:
    schema = section.data.get("schema")
    if schema is not None and not isinstance(schema, dict | bool):
        section.problem("must be a JSON Schema, which is a mapping", "schema")
        return None
    return schema


def _default_value(section: Section) -> Any:
    if "default_value" in section.data and not section.has("default_value"):
        section.problem("can't be null; leave the key out for an input that must be given", "default_value")
    return section.data.get("default_value")


def _example_value(section: Section) -> ComponentInterfaceExampleValue | None:
    if "example_value" not in section.data:
        return None
    return ComponentInterfaceExampleValue(value=section.data["example_value"])


def _overlay_segments(section: Section) -> tuple[OverlaySegment, ...]:
    segments = []
    indices = list(section.entries("overlay_segments"))
    if len(indices) > MAX_SEGMENTS:
        section.problem(f"has {len(indices)} segments; at most {MAX_SEGMENTS} are allowed", "overlay_segments")
        return ()
    for index in indices:
        entry = section.section("overlay_segments", index, known=SEGMENT_KEYS, required=SEGMENT_KEYS)
        segments.append(
            OverlaySegment(
                name=entry.text("name"),
                visible=bool(entry.flag("visible", False)),
                voxel_value=entry.whole_number("voxel_value", 0),
            )
        )
        if entry.faulty:
            section.faulty.add("overlay_segments")
    return tuple(segments)


def _look_up_table(section: Section) -> LookUpTable | None:
    if not section.has("look_up_table"):
        return None
    entry = section.section("look_up_table", known=TABLE_KEYS, required=("title", "color", "alpha"))
    texts: dict[str, Any] = {
        **{key: entry.text(key, may_be_blank=key.endswith("_invert")) for key in TABLE_TEXTS},
        **{key: entry.one_of(key, get_args(Interpolation), "RGB") for key in TABLE_INTERPOLATIONS},
    }
    table = LookUpTable(
        **texts,
        range_min=entry.whole_number("range_min", LookUpTable.range_min),
        range_max=entry.whole_number("range_max", LookUpTable.range_max),
        relative=bool(entry.flag("relative", LookUpTable.relative)),
    )
    if entry.faulty:
        section.faulty.add("look_up_table")
    return table
