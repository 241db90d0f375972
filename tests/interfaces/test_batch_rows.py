"""Outcomes as cells, and cells as values."""

from __future__ import annotations

import csv
from pathlib import Path
from uuid import uuid4

import pytest
from records import an_interface

from interfaces.batch_results import open_results
from interfaces.batch_rows import MAX_CELL_CHARACTERS, CaseOutcome, cell_of, message_cell, read_table, row_of
from interfaces.job_status import JobStatus
from interfaces.kinds import InterfaceKindChoices as Kind


@pytest.fixture
def anything(stored):
    return stored(an_interface(title="Anything", slug="anything", kind=Kind.ANY, relative_path="anything.json"))


@pytest.fixture
def count(stored):
    return stored(an_interface(title="Count", slug="count", relative_path="count.json"))


@pytest.fixture
def table(stored):
    fields = {"title": "Table", "slug": "table", "kind": Kind.CSV, "relative_path": "table.csv"}
    return stored(an_interface(**fields, store_in_database=False))


def test_what_was_written_is_read_again_as_values(tmp_path, anything, count, table):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    file = table.create_instance(file=tmp_path / "a.csv")
    long = anything.create_instance(value="x" * MAX_CELL_CHARACTERS)
    text = anything.create_instance(value='=1+1, "q"\n\0')
    outcomes = [
        CaseOutcome(status=JobStatus.SUCCESS, outputs={"anything": text, "count": count.create_instance(value=3)}),
        CaseOutcome(
            status=JobStatus.SUCCESS,
            outputs={"anything": long, "table": file},
            job=uuid4(),
            duration_s=1.25,
            peak_memory_bytes=2**33,
        ),
        CaseOutcome(status=JobStatus.FAILURE, message="no"),
    ]
    path, outputs = tmp_path / "results.csv", {"anything": anything, "count": count, "table": table}
    with open_results(path, list(outputs)) as results:
        for number, outcome in enumerate(outcomes):
            results.add(number, row_of(str(number), outcome, "f"))
        results.finish()
    with path.open(newline="") as lines:
        assert max(len(cell) for row in csv.reader(lines) for cell in row) < 300
    read = read_table(path, outputs)
    assert list(read.columns) == [
        *("case", "status", "message", "anything", "count", "table", "job", "duration_s", "peak_memory_bytes")
    ]
    assert list(read["case"]) == ["0", "1", "2"]
    assert list(read["anything"])[:2] == ['=1+1, "q"\n\0', "x" * MAX_CELL_CHARACTERS]
    assert read["anything"].isna()[2]
    assert read["count"].sum() == 3
    assert Path(read["table"][1]).read_text() == "a,b\n1,2\n"
    assert (read["job"][1], read["duration_s"][1]) == (str(outcomes[1].job), 1.25)
    assert read["peak_memory_bytes"][1] == 2**33
    assert read[["duration_s", "peak_memory_bytes"]].isna().iloc[2].all()


def test_a_list_is_a_json_list(tmp_path, count, table):
    (tmp_path / "a.csv").write_text("a\n")
    file = table.create_instance(file=tmp_path / "a.csv")
    one = count.create_instance(value=1)
    assert cell_of((one, None, one)) == "[1, null, 1]"
    assert cell_of((file,)) == f'["{file.path}"]'
    assert cell_of(None) == ""


@pytest.mark.parametrize(
    ("message", "cell"),
    [
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("two\nlines\0\x1b[2J", "two lines\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[2J"),
        ("too dark", "too dark"),
    ],
)
def test_a_message_does_nothing_in_a_spreadsheet_or_terminal(message, cell):
    assert message_cell(message) == cell
