"""The pages of commands and of Python names are what the code says, and lack nothing of it."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

import click
import pytest
from documents import ROOT

import flows
import interfaces
from flows.cli import commands
from interfaces.settings import Settings
from interfaces.verdicts import VerdictKind
from interfaces.verdicts.advice import GENERAL_ADVICE


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["docs_commands", "docs_python"])
def test_a_page_is_up_to_date(name: str):
    script = _script(name)
    assert script.PAGE.read_text() == script.page(), f"run scripts/{name}.py"


def _all_commands(group: click.Group, path: str = "component-flows"):
    for name, one in group.commands.items():
        yield from _all_commands(one, f"{path} {name}") if isinstance(one, click.Group) else [(f"{path} {name}", one)]


@pytest.mark.parametrize(("name", "command"), list(_all_commands(commands)), ids=lambda one: str(one))
def test_every_command_has_its_section_with_each_of_its_options(name: str, command: click.Command):
    page = (ROOT / "docs" / "command-line.md").read_text()
    section = page.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]
    assert command.help and " ".join(command.help.split("\n\n")[0].split()) in section
    options = [text for one in command.params if isinstance(one, click.Option) for text in one.opts]
    assert [text for text in options if text not in section] == []


def test_the_front_page_names_every_command():
    readme = (ROOT / "README.md").read_text()
    assert [name for name in commands.commands if not re.search(rf"`(component-flows )?{name}\b", readme)] == []


def test_every_public_name_has_its_section():
    headings = set(re.findall(r"^### (\w+)$", (ROOT / "docs" / "python-api.md").read_text(), flags=re.MULTILINE))
    page = (ROOT / "docs" / "python-api.md").read_text()
    twins = {name for name in flows.__all__ if name[0] == "a" and name[1:] in flows.__all__}
    assert {*flows.__all__, *interfaces.__all__} - twins <= headings
    assert [name for name in twins if f"`{name}`" not in page] == []


def test_every_kind_of_verdict_is_in_the_how_to_with_what_to_try():
    page = (ROOT / "docs" / "how-to" / "debugging.md").read_text()
    rows = dict(re.findall(r"^\| ([a-z ]+) \| (.+) \|$", page, flags=re.MULTILINE))
    for kind, told in GENERAL_ADVICE.items():
        as_code = re.sub("'(component-flows [a-z]+)'", r"`\1`", told).replace("'show'", "`component-flows show`")
        assert rows[kind.value.replace("_", " ")] == as_code
    assert set(GENERAL_ADVICE) == set(VerdictKind)


def test_what_the_pages_call_settings_are_settings():
    groups = {name: field.annotation for name, field in Settings.model_fields.items()}
    known = {f"COMPONENT_FLOWS_{name.upper()}" for name in groups}
    for name, kind in groups.items():
        known |= {f"COMPONENT_FLOWS_{name.upper()}__{one.upper()}" for one in getattr(kind, "model_fields", {})}
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        named = set(re.findall(r"COMPONENT_FLOWS_[A-Z_]*[A-Z]", page.read_text()))
        assert named - known - {"COMPONENT_FLOWS_PROJECT"} == set(), page
