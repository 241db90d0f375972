"""``look_up_tables:`` in a definition file: colours that several interfaces may share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from interfaces.catalogue.section import Section
from interfaces.catalogue.yaml_source import KeyPath, YamlSource
from interfaces.errors import DefinitionError, ValidationError
from interfaces.overlays import Interpolation, LookUpTable

ROOT = "look_up_tables"
REQUIRED = ("title", "color", "alpha")
TEXTS = (*REQUIRED, "color_invert", "alpha_invert")
INTERPOLATIONS = ("color_interpolation", "color_interpolation_invert")
KEYS = (*TEXTS, *INTERPOLATIONS, "range_min", "range_max", "relative")


def read_look_up_tables(source: YamlSource, problems: list[DefinitionError]) -> Iterator[tuple[LookUpTable, KeyPath]]:
    """The look-up tables of a file with their places in it, in their order.

    Args:
        source: A file with the key ``look_up_tables``.
        problems: Takes what is wrong; a table with a problem is left out.
    """
    for index in Section(source, (), problems, required=(ROOT,)).entries(ROOT, wanted="at least one look-up table"):
        path = (ROOT, index)
        section = Section(source, path, problems, known=KEYS, required=REQUIRED)
        before = len(problems)
        table = read_table(section)
        if not section.faulty:
            report_table(section, table)
        if len(problems) == before and not section.faulty:
            yield table, path


def read_table(section: Section) -> LookUpTable:
    """The look-up table that a mapping says; what is wrong with single keys is added to the section's problems."""
    fields: dict[str, Any] = {
        **{key: section.text(key, may_be_blank=key.endswith("_invert")) for key in TEXTS},
        **{key: section.one_of(key, get_args(Interpolation), "RGB") for key in INTERPOLATIONS},
    }
    return LookUpTable(
        **fields,
        range_min=section.whole_number("range_min", LookUpTable.range_min),
        range_max=section.whole_number("range_max", LookUpTable.range_max),
        relative=bool(section.flag("relative", LookUpTable.relative)),
    )


def report_table(section: Section, table: LookUpTable) -> None:
    """Add the rule that a table breaks, at the key that it is about."""
    try:
        table.clean()
    except ValidationError as error:
        key, _, message = str(error).partition(" ")
        section.problem(message, key)
