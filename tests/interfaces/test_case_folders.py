"""One folder a case."""

from __future__ import annotations

import pytest
from case_inputs import INPUTS, LISTS

from interfaces.case_folders import cases_of_folder
from interfaces.cases import CaseInputs
from interfaces.errors import CasesInvalid


def make(root, *files):
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text("7")


def test_inputs_are_found_at_their_relative_paths_or_by_their_names(tmp_path):
    make(tmp_path, "b/images/scan/x.mha", "b/age.json", "b/notes.txt", "a/scan.nii.gz", "a/boxes.json", "c/scan/1.dcm")
    make(tmp_path, "README.md", ".hidden/scan.mha", "a/scanner.txt")
    cases = {case.id: case.inputs for case in cases_of_folder(tmp_path, INPUTS).read()}
    assert cases == {
        "a": {"scan": tmp_path / "a/scan.nii.gz", "boxes": tmp_path / "a/boxes.json"},
        "b": {"scan": tmp_path / "b/images/scan", "age": tmp_path / "b/age.json"},
        "c": {"scan": tmp_path / "c/scan"},
    }


def test_what_a_folder_can_not_say_is_a_problem_of_its_case_alone(tmp_path):
    make(tmp_path, "a/scan.mha", "b/scan.mha", "b/scan.nii", "c/notes.txt")
    a, b, c = cases_of_folder(tmp_path, INPUTS).read()
    assert (a.problems, b.inputs, c.inputs) == ({}, {}, {})
    assert b.problems == {"scan": "may be any of scan.mha, scan.nii; leave one of them there"}
    assert c.problems == {"": "its folder holds no input; 'scan', say, is looked for at images/scan and as scan.*"}
    make(tmp_path / "lists", "a/scans.mha")
    (case,) = cases_of_folder(tmp_path / "lists", LISTS).read()
    assert "give the cases as a table" in case.problems["scans"]


def test_two_inputs_of_one_interface_are_told_apart_by_their_names(tmp_path):
    scan = INPUTS.interfaces["scan"]
    inputs = CaseInputs(of="the graph 'two'", interfaces={"before": scan, "after": scan})
    make(tmp_path, "a/before.mha", "a/after.mha", "a/images/scan/x.mha")
    (case,) = cases_of_folder(tmp_path, inputs).read()
    assert case.inputs == {"before": tmp_path / "a/before.mha", "after": tmp_path / "a/after.mha"}


def test_a_folder_without_cases_is_refused(tmp_path):
    make(tmp_path, "scan.mha")
    with pytest.raises(CasesInvalid, match="holds no folder; give each case one"):
        cases_of_folder(tmp_path, INPUTS)
    with pytest.raises(CasesInvalid, match="can't be read: No such file"):
        cases_of_folder(tmp_path / "none", INPUTS)
