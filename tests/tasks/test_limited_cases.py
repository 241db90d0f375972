"""Cases of runs from the Prefect UI lie in the folders that these may read, and name nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_inputs import INPUTS

from interfaces.errors import CasesInvalid, UnknownName
from interfaces.site import get_site
from tasks.read_cases import open_cases


@pytest.fixture(autouse=True)
def inputs(limited_inputs: Path) -> Path:
    return limited_inputs


def test_a_table_outside_is_refused_and_nothing_of_it_is_told(inputs, tmp_path):
    (tmp_path / "cases.csv").write_text("nobodys-business\n1\n")
    (inputs / "link.csv").symlink_to(tmp_path / "cases.csv")
    for given in (tmp_path / "cases.csv", "link.csv", "../../cases.csv"):
        with pytest.raises(CasesInvalid, match="COMPONENT_FLOWS_ACCESS__INPUT_FOLDERS") as caught:
            open_cases(given, INPUTS)
        assert "nobodys" not in str(caught.value)
    with pytest.raises(UnknownName, match=r"there is no file, folder or archive 'missing\.csv'"):
        open_cases("missing.csv", INPUTS)


def test_what_a_table_names_lies_in_the_folders_too(inputs, tmp_path):
    (inputs / "today").mkdir()
    (inputs / "today" / "brain.mha").touch()
    table = inputs / "today" / "cases.csv"
    table.write_text(f"case,scan,remark\ngood,brain.mha,fine\nbad,{tmp_path}/x.mha,@../../../secret.json\n")
    source = open_cases("today/cases.csv", INPUTS)
    table.write_text("case,scan\nother,brain.mha\n")  # what is read is what was looked at
    good, bad = source.read()
    assert (source.title, source.count) == (str(table), 2)
    assert (good.inputs, good.problems) == ({"scan": inputs / "today" / "brain.mha", "remark": "fine"}, {})
    assert bad.inputs == {}
    assert all("COMPONENT_FLOWS_ACCESS__INPUT_FOLDERS" in why for why in bad.problems.values())
    assert set(bad.problems) == {"scan", "remark"}
    assert len(list(get_site().scratch_folder.iterdir())) == 1
    del source
    assert list(get_site().scratch_folder.iterdir()) == []


def test_a_wrong_table_is_named_by_where_it_lies(inputs):
    (inputs / "cases.csv").write_text("nonsense\n1\n")
    with pytest.raises(CasesInvalid, match=rf"in {inputs}/cases.csv can't be used: 'nonsense' is no input"):
        open_cases("cases.csv", INPUTS)


def test_a_folder_of_cases_and_a_list_are_looked_at_as_a_table_is(inputs, tmp_path):
    (inputs / "study" / "a").mkdir(parents=True)
    (inputs / "study" / "a" / "scan.mha").symlink_to(tmp_path / "secret.json")
    (only,) = open_cases("study", INPUTS).read()
    assert "COMPONENT_FLOWS_ACCESS__INPUT_FOLDERS" in only.problems["scan"]
    given = [{"scan": "/etc/passwd"}, {"scan": str(inputs / "study" / "a")}]
    first, second = open_cases(given, INPUTS).read()
    assert set(first.problems) == {"scan"}
    assert not second.problems
