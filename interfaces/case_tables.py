"""Cases from a CSV file, which may be larger than the memory: it is read row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from interfaces.cases import Case, CaseInputs, CaseSource, checked_source
from interfaces.definition import ComponentInterface
from interfaces.errors import CasesInvalid, ValidationError
from interfaces.files.csv_table import BoundedLines
from interfaces.json_parsing import parse_json
from interfaces.text_input import from_text

_TOO_LARGE = "; if no quote is left open there, write the large value into a file, and @FILE into the cell"
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs"}


def cases_of_table(path: Path, inputs: CaseInputs, *, folder: Path | None = None) -> CaseSource:
    """Cases from a CSV file: UTF-8, commas, a header with the names of inputs and, if wanted, `case` for the ids.

    An empty cell gives nothing for its input. What a text means, see `from_cell`. A row with another number of cells
    than the header is a case that can't be run; without the column `case` the ids are the rows' numbers, from 1.

    Args:
        path: The file.
        inputs: What its cases may and must have.
        folder: What paths in it are relative to; the file's own folder unless given.

    Raises:
        CasesInvalid: The file can't be read as a table, or its header or its ids are wrong; holds all problems.
    """
    try:
        header = [name.strip() for name in next(_rows(path), (0, [""]))[1]]
        if header == [""]:
            raise CasesInvalid(str(path), ["it is empty; its first row names the inputs"])
        if len(header) == 1 and (other := [what for one, what in _OTHER_SEPARATORS.items() if one in header[0]]):
            raise CasesInvalid(str(path), [f"its cells are separated by {other[0]}; save it with commas"])
        base = (folder or path.parent).absolute()
        ids, cases = partial(_ids, path, header, inputs), partial(_cases, path, header, inputs, base)
        return checked_source(str(path), header, inputs, cases, ids)
    except UnicodeDecodeError as error:
        why = f"it is not UTF-8 text: {error.reason} at byte {error.start}; save it as UTF-8"
        raise CasesInvalid(str(path), [why]) from error
    except ValidationError as error:
        raise CasesInvalid(str(path), [str(error)]) from error
    except OSError as error:
        raise CasesInvalid(str(path), [f"it can't be read: {error.strerror}"]) from error


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with the number of its last line."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines, begin = BoundedLines(file), 1
        try:
            for row in csv.reader(lines, strict=True):
                lines.since_row, begin = 0, lines.number + 1
                if row:
                    yield lines.number, row
        except csv.Error as error:
            hint = _TOO_LARGE if "field limit" in str(error) else ""
            raise ValidationError(f"the row that begins in line {begin}: {error}{hint}") from error


def _named_rows(path: Path, header: list[str], inputs: CaseInputs) -> Iterator[tuple[str, int, list[str]]]:
    """The rows below the header, each with its case's id and the number of its last line."""
    rows = _rows(path)
    next(rows, None)
    id_at = header.index(inputs.id_column) if inputs.id_column in header else None
    for number, (line, row) in enumerate(rows, start=1):
        while len(row) > len(header) and not row[-1]:
            row.pop()
        if id_at is None:
            yield str(number), line, row
        else:
            named = row[id_at].strip() if id_at < len(row) else ""
            yield named or (f"line {line}" if len(row) != len(header) else ""), line, row


def _ids(path: Path, header: list[str], inputs: CaseInputs) -> Iterator[str]:
    return (case_id for case_id, _, _ in _named_rows(path, header, inputs))


def _cases(path: Path, header: list[str], inputs: CaseInputs, folder: Path) -> Iterator[Case]:
    for case_id, line, row in _named_rows(path, header, inputs):
        if len(row) == len(header):
            yield _case(case_id, dict(zip(header, row, strict=True)), inputs, folder)
        else:
            why = f"line {line} of the table has {len(row)} cells, its header {len(header)}"
            yield Case(id=case_id, inputs={}, problems={"": why})


def _case(case_id: str, cells: dict[str, str], inputs: CaseInputs, folder: Path) -> Case:
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, text in cells.items():
        if name == inputs.id_column or not text:
            continue
        try:
            values[name] = from_cell(inputs.interfaces[name], text, folder, is_list=name in inputs.lists)
        except ValidationError as error:
            problems[name] = str(error)
    return Case(id=case_id, inputs=values, problems=problems)


def from_cell(interface: ComponentInterface, text: str, folder: Path, *, is_list: bool = False) -> Any:
    """What is handed in for an input when a cell holds `text`.

    As on the command line (see `interfaces.text_input`), with paths relative to the table's own folder. A list is a
    JSON list: of values for JSON kinds, of paths or URIs for the others.

    Args:
        interface: The input's interface.
        text: Not empty.
        folder: Where the table lies.
        is_list: Whether the input is a list.

    Raises:
        ValidationError: It is no JSON where JSON is needed, or no list where a list is.
    """
    if not is_list:
        return _placed(interface, from_text(interface, text), folder)
    values = parse_json(text)
    if not isinstance(values, list):
        raise ValidationError("is a list of values; write a JSON list, such as [1, 2]")
    if not interface.is_json_kind and (wrong := [one for one in values if not isinstance(one, str)]):
        raise ValidationError(f"is a list of paths; {wrong[0]!r:.60} is none")
    return [_placed(interface, one, folder) for one in values]


def _placed(interface: ComponentInterface, given: Any, folder: Path) -> Any:
    if isinstance(given, Path) or (not interface.is_json_kind and "://" not in given):
        return folder / Path(given).expanduser()
    return given
