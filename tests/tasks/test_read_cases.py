"""What cases are run through, and where they are looked for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from interfaces.archives import create_archive
from interfaces.errors import CasesInvalid, DefinitionError, UnknownName
from tasks.fill_archive import fill_archive
from tasks.read_cases import any_inputs, find_runnable, open_cases

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]


def test_a_component_needs_one_of_its_sets_but_for_what_has_a_default():
    found = find_runnable("puppet-report")
    assert (found.is_graph, found.components) == (False, ("puppet-report",))
    assert list(found.inputs.interfaces) == ["script", "scan", "second"]
    assert found.inputs.sets == (frozenset({"script"}), *[frozenset({"script", "scan"})] * 2)
    assert list(found.outputs) == ["report", "mask"]
    assert find_runnable("puppet-report").identity == found.identity != find_runnable("puppet-mask").identity


def test_a_graph_needs_the_inputs_of_its_nodes_and_has_its_own_names():
    found = find_runnable("puppet-diamond")
    assert found.is_graph
    assert {name: one.slug for name, one in found.inputs.interfaces.items()} == {
        "first": "script",
        "others": "script",
        "image": "scan",
    }
    assert found.inputs.sets == (frozenset({"first", "others", "image"}),)
    assert sorted(found.components) == ["puppet-mask", "puppet-report", "puppet-report", "puppet-report"]
    assert set(found.outputs) == {"left", "right", "mask"}
    assert found.identity == find_runnable("puppet-diamond").identity


def test_an_unknown_name_is_refused_with_the_nearest_one():
    with pytest.raises(UnknownName, match="no component or graph 'puppet-diamnod' is registered; did you mean"):
        find_runnable("puppet-diamnod")


def test_a_text_is_a_path_or_an_archive_and_never_guessed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inputs = find_runnable("puppet-report").inputs
    archive = create_archive("Looked for")
    assert fill_archive(archive, [{"case": "stored", "script": "pass"}]).added == 1
    for given in ("looked-for", "archive:looked-for", archive):
        assert [case.id for case in open_cases(given, inputs).read()] == ["stored"]
    Path("looked-for").write_text("case,script\nwritten,pass\n")
    with pytest.raises(CasesInvalid, match=r"both a path and an archive; write \./looked-for or archive:looked-for"):
        open_cases("looked-for", inputs)
    for given in ("./looked-for", Path("looked-for")):
        assert [case.id for case in open_cases(given, inputs).read()] == ["written"]
    Path("looked-for").unlink()
    with pytest.raises(UnknownName, match="there is no file, folder or archive 'looked-for'"):
        open_cases(Path("looked-for"), inputs)
    assert open_cases(pd.DataFrame({"script": ["a", "b"]}), inputs).count == 2
    with pytest.raises(DefinitionError, match="a list of dicts, not int"):
        open_cases(7, inputs)


def test_cases_are_put_into_an_archive_but_for_those_that_are_invalid():
    archive = create_archive("Filled")
    cases = [
        {"case": "a", "script": "pass", "second": 1},
        {"case": "b", "second": "many"},
        {"case": "c", "script": "x"},
    ]
    first, again = fill_archive(archive, cases), fill_archive(archive, cases)
    assert (first.added, first.known, again.added, again.known) == (2, 0, 0, 2)
    assert list(first.problems) == ["b"]
    assert "second" in first.problems["b"]
    assert [(case.id, sorted(case.values)) for case in archive.cases()] == [
        ("a", ["script", "second"]),
        ("c", ["script"]),
    ]
    assert "script" in any_inputs().interfaces
    with pytest.raises(CasesInvalid, match="'scrpit' is no input of this site; did you mean 'script'"):
        fill_archive(archive, [{"scrpit": "x"}])
