"""``interfaces:`` in a definition file: the interfaces that a person defines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from interfaces.catalogue import look_up_tables_file
from interfaces.catalogue.section import Section, nearest
from interfaces.catalogue.yaml_source import KeyPath, YamlSource
from interfaces.definition import ComponentInterface, JsonSchema
from interfaces.errors import DefinitionError
from interfaces.example_value import ComponentInterfaceExampleValue
from interfaces.kind_text import kind_from_text
from interfaces.kinds import InterfaceKindChoices
from interfaces.overlays import MAX_SEGMENTS, LookUpTable, OverlaySegment

ROOT = "interfaces"
REQUIRED = ("title", "kind", "relative_path")
KEYS = (
    *REQUIRED,
    *("slug", "description", "schema", "default_value", "example_value"),
    *("overlay_segments", "look_up_table", "store_in_database"),
)
SEGMENT_KEYS = ("name", "visible", "voxel_value")


def read_interfaces(
    source: YamlSource, problems: list[DefinitionError], tables: Mapping[str, LookUpTable]
) -> Iterator[tuple[ComponentInterface, KeyPath]]:
    """The interfaces of a file with their places in it, in their order.

    Args:
        source: A file with the key ``interfaces``.
        problems: Takes what is wrong; an interface with a problem is left out.
        tables: The look-up tables that an interface may name, by title.
    """
    for index in Section(source, (), problems, required=(ROOT,)).entries(ROOT, wanted="at least one interface"):
        path = (ROOT, index)
        if interface := _interface(Section(source, path, problems, known=KEYS, required=REQUIRED), tables):
            yield interface, path


def _interface(section: Section, tables: Mapping[str, LookUpTable]) -> ComponentInterface | None:
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
        "look_up_table": _look_up_table(section, tables),
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
    if field in section.data:
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


def _look_up_table(section: Section, tables: Mapping[str, LookUpTable]) -> LookUpTable | None:
    if not section.has("look_up_table"):
        return None
    if isinstance(section.data["look_up_table"], str):
        return _named_table(section, section.text("look_up_table"), tables)
    before = len(section.problems)
    entry = section.section("look_up_table", known=look_up_tables_file.KEYS, required=look_up_tables_file.REQUIRED)
    table = look_up_tables_file.read_table(entry)
    if not entry.faulty:
        look_up_tables_file.report_table(entry, table)
    if len(section.problems) > before:
        section.faulty.add("look_up_table")
    return table


def _named_table(section: Section, title: str, tables: Mapping[str, LookUpTable]) -> LookUpTable | None:
    if title and title not in tables:
        hint = nearest(title, tables) if tables else f"define it under '{look_up_tables_file.ROOT}:'"
        section.problem(f"'{title}' is the title of no look-up table; {hint}", "look_up_table")
    return tables.get(title)
