"""Tables as people make them, and as they should not be."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
from case_inputs import INPUTS, LISTS

from interfaces.case_tables import cases_of_table
from interfaces.cases import CaseInputs
from interfaces.errors import CasesInvalid


def read(path: Path, content: str | bytes, inputs: CaseInputs = INPUTS) -> list:
    path = path / "cases.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = cases_of_table(path, inputs)
    cases = list(source.read())
    assert source.count == len(cases)
    return cases


def problems(path: Path, content: str | bytes) -> tuple[str, ...]:
    with pytest.raises(CasesInvalid) as caught:
        read(path, content)
    assert str(path / "cases.csv") in str(caught.value)
    return caught.value.problems


def test_cells_are_read_as_on_the_command_line_with_paths_beside_the_table(tmp_path):
    (case,) = read(tmp_path, 'case,scan,age,remark,boxes\none,a/b.mha,7,fine,"{""a"": [1]}"\n')
    assert case.id == "one"
    assert case.problems == {}
    assert case.inputs == {"scan": tmp_path / "a/b.mha", "age": 7, "remark": "fine", "boxes": {"a": [1]}}
    cells = 'scan,age,remark,boxes\n/data/b.mha,,"""""",@more/boxes.json\ns3://bucket/b.mha,,1,null\n'
    first, second = read(tmp_path, cells)
    assert first.inputs == {"scan": Path("/data/b.mha"), "remark": "", "boxes": tmp_path / "more/boxes.json"}
    assert second.inputs == {"scan": "s3://bucket/b.mha", "remark": 1, "boxes": None}
    assert [first.id, second.id] == ["1", "2"]


def test_a_list_is_a_json_list_of_values_or_of_paths(tmp_path):
    cells = 'scans,ages\n"[""a.mha"", ""s3://b/c.mha""]","[1, 2]"\n"[1]",5\n'
    good, bad = read(tmp_path, cells, LISTS)
    assert good.inputs == {"scans": [tmp_path / "a.mha", "s3://b/c.mha"], "ages": [1, 2]}
    assert "1 is none" in bad.problems["scans"]
    assert "write a JSON list" in bad.problems["ages"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfcase,scan\r\none,b.mha\r\n",
        b'"case" , scan\none,b.mha',
        b"case,scan\n\n\none,b.mha\n\n",
        b"case,scan\none,b.mha,,,\n",
        b'case,scan\n"one","b.mha"\n',
    ],
    ids=["byte order mark and CRLF", "blanks in the header", "blank lines", "empty cells at the end", "quotes"],
)
def test_what_programs_write_is_understood(tmp_path, content):
    if content.startswith(b'"case" '):
        content = content.replace(b'"case" ', b" case")
    (case,) = read(tmp_path, content)
    assert (case.id, case.inputs) == ("one", {"scan": tmp_path / "b.mha"})


def test_a_row_that_does_not_fit_is_a_case_that_can_not_be_run(tmp_path):
    cases = read(tmp_path, "case,scan,age\none,b.mha\ntwo,b.mha,5\nthree,b.mha,many\n,b.mha,1,1\n")
    assert [case.id for case in cases] == ["one", "two", "three", "line 5"]
    assert cases[0].problems == {"": "line 2 of the table has 2 cells, its header 3"}
    assert cases[1].problems == {}
    assert "not valid JSON" in cases[2].problems["age"]
    assert cases[3].problems == {"": "line 5 of the table has 4 cells, its header 3"}


def test_all_that_is_wrong_with_the_header_is_said_at_once(tmp_path):
    found = problems(tmp_path, "case,scna,age,age,,colour\n1,2,3,4,5,6\n")
    assert found == (
        "column 5 has no name",
        "the column 'age' is there twice",
        "'scna' is no input of the component 'lesion-counter'; did you mean 'scan'?",
        "'colour' is no input of the component 'lesion-counter'; its inputs are scan, age, remark, boxes",
        "'scan' is missing, which the component 'lesion-counter' takes",
    )


def test_ids_that_are_missing_or_twice_are_named_with_their_cases(tmp_path):
    assert problems(tmp_path, "case,scan\na,x\nb,x\na,x\nc,x\nb,x\na,x\n") == (
        "the id 'a' is that of the cases 1, 3, 6",
        "the id 'b' is that of the cases 2, 5",
    )
    assert problems(tmp_path, f"case,scan\n ,x\n{'a' * 256},x\n\x1b[2J,x\n") == (
        "case 1 has no id",
        "case 2 has an id of 256 characters; at most 255 are taken",
        "case 3 has an id that can't be printed: '\\x1b[2J'",
    )
    many = problems(tmp_path, "case,scan\n" + " ,x\n" * 1000)
    assert len(many) == 20


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (b"case,scan\n", "there is none; give each a row"),
        (b"case;scan\n1;2\n", "separated by semicolons; save it with commas"),
        (b"case\tscan\n1\t2\n", "separated by tabs"),
        (b"scan\n\0\n", "line 2 holds a NUL"),
        ("scan\nä\n".encode("utf-16"), "not UTF-8"),
        (b"scan\n\xff\n", "not UTF-8"),
        (b'scan\n"never closed\n' + b"x\n" * 100, "begins in line 2: unexpected end of data"),
        (b'scan\na\n"a"b\n', "begins in line 3: "),
        (
            b"scan\n" + b"x" * 200_000,
            "begins in line 2: field larger than field limit (131072); if no quote is left open",
        ),
        (b'scan\na\n"' + b"x\n" * 1_000_000, "begins in line 3: field larger than field limit (131072); if no quote"),
        (b"scan\n" + b"x," * 10_000_000, "the row in line 2 has more than 16777216 characters"),
    ],
    ids=[
        *("nothing", "blank lines", "only a header", "semicolons", "tabs", "NUL", "UTF-16", "Latin-1", "open quote"),
        *("text after a quote", "huge cell", "huge cell of many lines", "huge row"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(tmp_path, content, words):
    (found,) = problems(tmp_path, content)
    assert words in found
    assert "\n" not in found


def test_a_file_that_can_not_be_read_is_named(tmp_path):
    with pytest.raises(CasesInvalid, match="can't be read: No such file"):
        cases_of_table(tmp_path / "none.csv", INPUTS)


def test_a_table_is_never_in_memory_as_a_whole(tmp_path):
    path = tmp_path / "many.csv"
    rows = 20_000
    with path.open("w") as file:
        file.write("case,scan,boxes\n")
        for number in range(rows):
            file.write(f'c{number},s3://bucket/{number}.mha,"{json.dumps([number] * 20)}"\n')
    read(tmp_path, 'case,scan,boxes\none,b.mha,"[1]"\n')  # what is made once, is made
    tracemalloc.start()
    count = sum(1 for _ in cases_of_table(path, INPUTS).read())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == rows
    assert path.stat().st_size > 2_000_000
    assert peak < 1_000_000


def test_a_fingerprint_changes_with_values_files_and_what_they_go_through(tmp_path):
    scan = tmp_path / "b.mha"
    scan.write_bytes(b"1")

    def fingerprint(age: int = 7, of: str = "x") -> str:
        (case,) = read(tmp_path, f"case,scan,age\none,b.mha,{age}\n")
        return case.fingerprint(of)

    first = fingerprint()
    assert fingerprint() == first
    assert len({first, fingerprint(age=8), fingerprint(of="y")}) == 3
    scan.write_bytes(b"12")
    changed = fingerprint()
    scan.unlink()
    assert len({first, changed, fingerprint()}) == 3
