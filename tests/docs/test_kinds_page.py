"""The page of interface kinds is what the code says, and lacks nothing of it."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

from interfaces.catalogue import interfaces_file, look_up_tables_file
from interfaces.defaults import default_interfaces
from interfaces.edits import INTERFACE_EDITS
from interfaces.json_examples import INTERFACE_TYPE_JSON_EXAMPLES
from interfaces.kinds import KIND_FACTS
from interfaces.kinds import InterfaceKindChoices as Kind

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "interface-kinds.md").read_text()
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]


def test_the_page_is_up_to_date():
    spec = importlib.util.spec_from_file_location("docs_kinds", ROOT / "scripts" / "docs_kinds.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text() == module.page()


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_row_with_its_rule_extension_and_media_types(kind):
    facts = KIND_FACTS[kind]
    (row,) = [cells for cells in ROWS if cells[0] == f"`{kind.value}`"]
    assert row[1:3] == [facts.label, facts.rule]
    assert row[-1] == ("no" if not facts.displayable else "on its own" if facts.isolated else "yes")
    if facts.family == "file":
        assert row[4] == ", ".join(f"`{name}`" for name in facts.media_types)
        assert re.findall(r"`([^`]+)`", row[3]) == [facts.extension, *facts.other_extensions]
    elif facts.family == "json":
        assert row[3] == ("Value or File" if facts.may_be_stored_in_database else "File only")
        assert all(f"`{name}`" in PAGE for name in (facts.extension, *facts.media_types))


@pytest.mark.parametrize("kind", list(INTERFACE_TYPE_JSON_EXAMPLES))
def test_every_json_kind_has_its_example_and_schema(kind):
    section = PAGE.split(f"\n### {kind.label}\n", 1)[1].split("\n### ", 1)[0]
    example = INTERFACE_TYPE_JSON_EXAMPLES[kind]
    assert repr(json.loads(section.split("```json\n")[1].split("\n```")[0])) == repr(example.value)
    assert example.extra_info in section
    for link in re.findall(r"\]\(([^)]+)\)", section):
        assert (ROOT / "docs" / link).is_file()


def test_every_field_of_an_interface_has_its_row_of_edits():
    rows = {cells[0]: cells[1:] for cells in ROWS}
    for field, edit in INTERFACE_EDITS.items():
        assert rows[f"`{field}`"] == [edit.before, edit.after]


@pytest.mark.parametrize("key", sorted({*interfaces_file.KEYS, *look_up_tables_file.KEYS}))
def test_every_key_of_a_definition_is_named(key):
    assert f"`{key}`" in PAGE


@pytest.mark.parametrize("interface", default_interfaces(), ids=lambda one: one.slug)
def test_every_default_interface_is_named(interface):
    (row,) = [cells for cells in ROWS if f"`{interface.slug}`" in cells]
    assert row[0] == interface.title
    assert f"`{interface.relative_path}`" in row
