"""The results file, and what is found in it again."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from programs import Program

from interfaces.batch_results import BatchResults, columns_of, open_results
from interfaces.errors import ComponentFlowsError, DefinitionError


def row(case: str, status: str = "SUCCESS", fingerprint: str = "f", **more: str) -> dict[str, str]:
    return {"case": case, "status": status, "fingerprint": fingerprint, **more}


def cases_in(path: Path) -> list[tuple[str, str]]:
    with path.open(newline="") as file:
        return [(one["case"], one["status"]) for one in csv.DictReader(file)]


def kept(results: BatchResults, *cases: str) -> list[bool]:
    return [results.keep(number, case, "f") for number, case in enumerate(cases)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.csv"


@pytest.fixture
def part(path: Path) -> Path:
    return path.with_name("results.csv.part")


def test_rows_are_there_at_once_and_at_the_end_in_the_order_of_the_cases(path, part):
    with open_results(path, ["volume", "status"]) as results:
        results.add(2, row("c", volume='{"a": "x\ny"}'))
        results.add(0, row("a", "FAILURE", message='"quoted", and more'))
        assert cases_in(part) == [("c", "SUCCESS"), ("a", "FAILURE")]
        assert not path.exists()
        results.add(1, row("b"))
        results.finish()
    assert cases_in(path) == [("a", "FAILURE"), ("b", "SUCCESS"), ("c", "SUCCESS")]
    assert [one.name for one in path.parent.iterdir()] == ["results.csv"]
    with path.open(newline="") as file:
        header, first, _, last = csv.reader(file)
    assert header == columns_of(["volume", "status"])
    assert header[3:5] == ["volume", "output:status"]
    assert (first[2], last[3]) == ('"quoted", and more', '{"a": "x\ny"}')


def test_only_successes_with_the_same_inputs_are_kept(path):
    with open_results(path, []) as results:
        for number, one in enumerate([row("a"), row("b", "FAILURE"), row("c", fingerprint="g"), row("d")]):
            results.add(number, one)
        results.finish()
    with open_results(path, []) as results:
        assert kept(results, "a", "b", "c", "d", "e") == [True, False, False, True, False]
        results.add(1, row("b"))
        results.finish()
    assert cases_in(path) == [("a", "SUCCESS"), ("b", "SUCCESS"), ("d", "SUCCESS")]
    with open_results(path, [], anew=True) as results:
        assert kept(results, "a") == [False]
    with open_results(path, ["another"]) as results:
        assert kept(results, "a") == [False]


def test_a_half_written_row_is_cut_off_and_the_others_are_kept(path, part):
    with open_results(path, ["volume"]) as results:
        results.add(0, row("a", volume="1"))
        results.add(1, row("b", volume='"x\ny"'))
    whole = part.read_bytes()
    start = whole.index(b"b,SUCCESS")
    for end in range(start, len(whole) + 1):
        part.write_bytes(whole[:end])
        with open_results(path, ["volume"]) as results:
            assert kept(results, "a", "b") == [True, end == len(whole)]
            assert part.stat().st_size == (len(whole) if end == len(whole) else start)
    part.write_bytes(whole[:start] + b"\xff\0\n" * 3)
    with open_results(path, ["volume"]) as results:
        assert kept(results, "a", "b") == [True, False]
        results.add(1, row("b"))
        results.finish()
    assert cases_in(path) == [("a", "SUCCESS"), ("b", "SUCCESS")]


def test_an_interrupted_batch_loses_nothing_of_the_one_before(path, part):
    with open_results(path, []) as results:
        for number, case in enumerate("abc"):
            results.add(number, row(case))
        results.finish()
    with open_results(path, []) as results:
        assert kept(results, "a") == [True]
        results.add(3, row("d"))
    assert cases_in(path) == [("a", "SUCCESS"), ("b", "SUCCESS"), ("c", "SUCCESS")]
    with open_results(path, []) as results:
        assert kept(results, "a", "b", "c", "d") == [True] * 4


def test_a_file_that_is_something_else_is_never_overwritten(path, tmp_path):
    path.write_text("case,scan\na,b.mha\n")
    with (
        pytest.raises(DefinitionError, match=r"results\.csv is no table of a batch's results; give another file"),
        open_results(path, []),
    ):
        raise AssertionError
    assert path.read_text() == "case,scan\na,b.mha\n"
    for bad in (tmp_path, tmp_path / "none" / "results.csv"):
        with pytest.raises(DefinitionError, match="give a file in a folder that is there"), open_results(bad, []):
            raise AssertionError
    assert [one.name for one in tmp_path.iterdir()] == ["results.csv"]


def test_two_processes_never_write_one_file(path):
    code = "import sys; from pathlib import Path; from interfaces.batch_results import open_results\n"
    code += "with open_results(Path(sys.argv[1]), []): pass"
    with open_results(path, []):
        _, errors = Program("code", code, path).communicate(timeout=60)
    assert "another batch is writing" in errors
    assert Program("code", code, path).wait(timeout=60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_sentence(path):
    with Path("/dev/full").open("r+b", buffering=0) as full:
        results = BatchResults.__new__(BatchResults)
        results.path, results.columns, results._part = path, columns_of([]), full
        with pytest.raises(ComponentFlowsError, match=r"can't be written to .*results\.csv: No space left on device"):
            results.add(0, row("a"))
