"""Previews of CSV files: the first rows, and how many there are."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from interfaces.errors import ValidationError
from interfaces.previews.limits import Deadline
from interfaces.previews.record import Preview
from interfaces.previews.tables import Table
from interfaces.previews.texts import count_text

ROWS, COLUMNS = 10, 12
MAX_LINE = 2**24
COUNT_S = 3.0
"""Seconds that counting rows may take."""


def csv_preview(path: Path, *, title: str) -> Preview:
    """The first rows and columns of a CSV file.

    Raises:
        ValidationError: It is no CSV file.
    """
    deadline = Deadline(COUNT_S)
    head: list[list[str]] = []
    count = columns = 0
    is_all = True
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(_lines(file), strict=True):
                if not row:
                    continue
                if count <= ROWS:
                    columns = max(columns, len(row))
                    head.append([*row[:COLUMNS], *(["\N{HORIZONTAL ELLIPSIS}"] if len(row) > COLUMNS else [])])
                count += 1
                if count % 1024 == 0 and deadline.is_over:
                    is_all = False
                    break
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValidationError("it is no table of UTF-8 text") from error
    if not head:
        raise ValidationError("it is empty")
    width = max(map(len, head))
    names, *rows = [[*row, *[""] * (width - len(row))] for row in head]
    shown = f"; the first {len(rows)} rows" if count - 1 > len(rows) else ""
    shown += f"{' and' if shown else '; the first'} {COLUMNS} columns" if columns > COLUMNS else ""
    note = f"{'' if is_all else 'more than '}{count_text(count - 1, 'row')} and {count_text(columns, 'column')}"
    return Table(columns=names, rows=rows, note=f"{note}{shown + ' are shown' if shown else ''}.").preview(title)


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise ValidationError(f"it has a line of more than {MAX_LINE:,} characters")
        yield line
