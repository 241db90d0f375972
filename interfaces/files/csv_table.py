"""CSV files."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from interfaces.errors import ValidationError

CELLS_AT_ONCE = 2**20
"""Cells that pandas reads in one go."""

MAX_COLUMNS = 100_000


def check_csv(path: Path) -> None:
    """UTF-8 text of which every row has as many cells as the first, and which pandas reads.

    Empty lines do not count. A byte order mark is allowed.

    Raises:
        ValidationError: It is not; the text names the line.
    """
    try:
        columns = _columns(path)
        with pd.read_csv(
            path,
            chunksize=max(1, CELLS_AT_ONCE // columns),
            dtype=str,
            header=None,
            na_filter=False,
            encoding="utf-8-sig",
            engine="c",
        ) as chunks:
            for chunk in chunks:
                del chunk
    except UnicodeDecodeError as error:
        raise ValidationError(f"It is not UTF-8 text: {error.reason} at byte {error.start}") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise ValidationError(f"It is no table that pandas reads: {' '.join(str(error).split())[:200]}") from error


def _columns(path: Path) -> int:
    """The number of columns, the same in each row."""
    columns = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, strict=True)
        try:
            for row in rows:
                if not row:
                    continue
                if any("\0" in cell for cell in row):
                    raise ValidationError(f"It is no table: line {rows.line_num} holds a NUL character")
                columns = columns or len(row)
                if len(row) != columns:
                    raise ValidationError(
                        f"It is no table: line {rows.line_num} has {len(row)} cells, the first row has {columns}"
                    )
                if columns > MAX_COLUMNS:
                    raise ValidationError(f"It has {columns} columns; at most {MAX_COLUMNS} are read")
        except csv.Error as error:
            raise ValidationError(f"It is no table: line {rows.line_num}: {error}") from error
    if not columns:
        raise ValidationError("It is empty; a CSV file has at least one row")
    return columns
