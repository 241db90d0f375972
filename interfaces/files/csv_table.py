"""CSV files. They can be as large as the disk: no more than a bounded part is ever in memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from interfaces.errors import ValidationError

CELLS_AT_ONCE = 2**20
"""Most cells that pandas reads in one go."""

CHARACTERS_AT_ONCE = 2**26
"""Most characters that pandas reads in one go, if all rows were as long as the longest."""

MAX_COLUMNS = 100_000
MAX_ROW_CHARACTERS = 2**24


def check_csv(path: Path) -> None:
    """UTF-8 text of which every row has as many cells as the first, and which pandas reads.

    Empty lines do not count. A byte order mark is allowed.

    Raises:
        ValidationError: It is not; the text names the line.
    """
    import pandas as pd  # half a second of each process that runs a job, and only this one kind needs it

    try:
        columns, longest = _measured(path)
        with pd.read_csv(
            path,
            chunksize=max(1, min(CELLS_AT_ONCE // columns, CHARACTERS_AT_ONCE // max(1, longest))),
            dtype=str,
            header=None,
            na_filter=False,
            encoding="utf-8-sig",
            engine="c",
        ) as chunks:
            for chunk in chunks:
                del chunk
    except UnicodeDecodeError as error:
        raise ValidationError(
            f"It is not UTF-8 text: {error.reason} at byte {error.start}; save it as UTF-8"
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise ValidationError(f"It is no table that pandas reads: {' '.join(str(error).split())[:200]}") from error


def _measured(path: Path) -> tuple[int, int]:
    """The number of columns, the same in each row, and the characters of the longest row."""
    columns = longest = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = BoundedLines(file)
        rows = csv.reader(lines, strict=True)
        try:
            for row in rows:
                longest = max(longest, lines.since_row)
                lines.since_row = 0
                if len(row) == columns or not row:
                    continue
                if columns:
                    raise ValidationError(
                        f"It is no table: line {lines.number} has {len(row)} cells, the first row has {columns}"
                    )
                columns = len(row)
                if columns > MAX_COLUMNS:
                    raise ValidationError(f"It has {columns} columns; at most {MAX_COLUMNS} are read")
        except csv.Error as error:
            raise ValidationError(f"It is no table: line {lines.number}: {error}") from error
    if not columns:
        raise ValidationError("It is empty; a CSV file has at least one row")
    return columns, longest


class BoundedLines(Iterator[str]):
    """The lines of a file, none longer than a row may be.

    Attributes:
        number: Of the line that came last, from 1.
        since_row: Characters that came since it was last set to 0.
    """

    def __init__(self, file: TextIO) -> None:
        self.number = self.since_row = 0
        self._file = file

    def __next__(self) -> str:
        line = self._file.readline(MAX_ROW_CHARACTERS + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.since_row += len(line)
        if self.since_row > MAX_ROW_CHARACTERS:
            raise ValidationError(
                f"It is no table: the row in line {self.number} has more than {MAX_ROW_CHARACTERS} characters"
            )
        if "\0" in line:
            raise ValidationError(f"It is no table: line {self.number} holds a NUL character")
        return line
