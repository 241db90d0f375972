"""Cases from Python: a list of dicts, a DataFrame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from case_inputs import INPUTS, LISTS

from interfaces.cases import CaseInputs, cases_of_frame, cases_of_records
from interfaces.errors import CasesInvalid


def test_a_list_of_dicts_holds_what_is_handed_in_for_one_run():
    records = [
        {"case": "one", "scan": "a.mha", "boxes": None},
        {"scan": Path("b.mha"), "remark": "@not a file", "age": 7},
        {"case": 3, "scan": "s3://bucket/c.mha"},
    ]
    one, two, three = cases_of_records(records, INPUTS).read()
    assert (one.id, one.inputs) == ("one", {"scan": Path("a.mha"), "boxes": None})
    assert (two.id, two.inputs) == ("2", {"scan": Path("b.mha"), "remark": "@not a file", "age": 7})
    assert (three.id, three.inputs) == ("3", {"scan": "s3://bucket/c.mha"})
    (many,) = cases_of_records([{"scans": ["a.mha", "s3://b/c.mha"], "ages": [1, 2]}], LISTS).read()
    assert many.inputs == {"scans": [Path("a.mha"), "s3://b/c.mha"], "ages": [1, 2]}


def test_a_data_frame_has_a_row_a_case_and_missing_cells_give_nothing():
    frame = pd.DataFrame(
        {"case": ["one", "two"], "scan": ["a.mha", "b.mha"], "age": [7, np.nan], "boxes": [{"a": 1}, None]}
    )
    one, two = cases_of_frame(frame, INPUTS).read()
    assert one.inputs == {"scan": Path("a.mha"), "age": 7.0, "boxes": {"a": 1}}
    assert two.inputs == {"scan": Path("b.mha")}
    whole = frame.drop(columns="case").dropna().astype({"age": "int64"})
    (case,) = cases_of_frame(whole, INPUTS).read()
    assert (case.id, type(case.inputs["age"])) == ("1", int)


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([], "there is none"),
        (["a.mha"], "entry 1 is no dict"),
        ([{"scan": "a"}, {"scan": "b", "agee": 1}], "'agee' is no input of .*did you mean 'age'"),
        ([{"age": 1}], "'scan' is missing"),
        ([{"scan": "a", "case": "x"}, {"scan": "a", "case": "x"}], "'x' is that of the cases 1, 2"),
        ([{"scan": "a"}, {"scan": "a", "case": 1}], "'1' is that of the cases 1, 2"),
    ],
)
def test_a_list_that_can_not_be_used_is_refused(records, words):
    with pytest.raises(CasesInvalid, match=words):
        cases_of_records(records, INPUTS)


def test_a_data_frame_that_can_not_be_used_is_refused():
    with pytest.raises(CasesInvalid, match="the column 'scan' is there twice"):
        cases_of_frame(pd.DataFrame([["a", "b"]], columns=["scan", "scan"]), INPUTS)
    with pytest.raises(CasesInvalid, match="case 2 has no id"):
        cases_of_frame(pd.DataFrame({"case": ["a", None], "scan": ["a", "b"]}), INPUTS)


def test_an_input_that_is_called_case_leaves_the_ids_another_name():
    inputs = CaseInputs(of="x", interfaces={"case": INPUTS.interfaces["remark"]})
    (case,) = cases_of_records([{"case": "said", "case-id": "one"}], inputs).read()
    assert (case.id, case.inputs) == ("one", {"case": "said"})
