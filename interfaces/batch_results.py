"""The results of a batch as a CSV file, written row by row, and found again after whatever broke it off.

While a batch runs, its rows are appended to ``RESULTS.csv.part`` in the order in which cases end. At the end,
``RESULTS.csv`` is put in place with all rows in the order of the cases. A row of a succeeded case that is in either
file, with the same inputs, is kept and not made again. Only the places of rows are in memory: 16 bytes a case.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
import shutil
import threading
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from interfaces.cases import key_of
from interfaces.errors import ComponentFlowsError, DefinitionError
from interfaces.job_status import JobStatus

FIRST_COLUMNS = ("case", "status", "message")
LAST_COLUMNS = ("job", "duration_s", "peak_memory_bytes", "fingerprint")
_OWN = {*FIRST_COLUMNS, *LAST_COLUMNS}


def columns_of(outputs: Sequence[str]) -> list[str]:
    """The columns of the results with these outputs."""
    return [*FIRST_COLUMNS, *map(output_column, outputs), *LAST_COLUMNS]


def output_column(output: str) -> str:
    """The column of an output; one that is called like a column of every table is told apart from it."""
    return f"output:{output}" if output in _OWN else output


class BatchResults:
    """The rows of one batch. Made by `open_results`.

    Attributes:
        path: Where they are at the end.
        columns: Their names.
    """

    def __init__(self, path: Path, columns: list[str], part: IO[bytes]) -> None:
        self.path, self.columns, self._part = path, columns, part
        self._places = array("q")  # of each case its row's start and end, or -1
        self._kept = _rows_of_succeeded(part, columns)
        self._lock = threading.Lock()  # cases are read in one thread, and end in another

    def keep(self, number: int, case_id: str, fingerprint: str) -> bool:
        """Take the row of an earlier success with the same inputs.

        Args:
            number: The case's place among all, from 0.
            case_id: Its id.
            fingerprint: Of its inputs.

        Returns:
            Whether there is one.
        """
        found = self._kept.find(key_of(case_id, fingerprint))
        if found is not None:
            self._put(number, *found)
        return found is not None

    def add(self, number: int, row: Mapping[str, str]) -> None:
        """Write the row of a case that has ended.

        Args:
            number: The case's place among all, from 0.
            row: Texts by column; what is not named is empty.

        Raises:
            ComponentFlowsError: It can't be written: the disk is full, say.
        """
        data = _as_line([row.get(column, "") for column in self.columns])
        with self._writing():
            start = self._part.seek(0, os.SEEK_END)
            self._part.write(data)
            self._part.flush()
        self._put(number, start, start + len(data))

    def finish(self) -> None:
        """Put the file in place: all rows in the order of the cases.

        Raises:
            ComponentFlowsError: It can't be written; the rows stay where they are.
        """
        whole = self.path.with_name(self.path.name + ".new")
        with self._writing(), whole.open("wb") as file:
            file.write(_as_line(self.columns))
            for at in range(0, len(self._places), 2):
                start, end = self._places[at : at + 2]
                if start >= 0:
                    self._part.seek(start)
                    file.write(self._part.read(end - start))
            file.flush()
            os.fsync(file.fileno())
        whole.replace(self.path)
        _part_of(self.path).unlink()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ComponentFlowsError(f"the results can't be written to {self.path}: {error.strerror}") from error

    def _put(self, number: int, start: int, end: int) -> None:
        with self._lock:
            while len(self._places) < 2 * number + 2:
                self._places.append(-1)
            self._places[2 * number], self._places[2 * number + 1] = start, end


@contextmanager
def open_results(path: Path, outputs: Sequence[str], *, anew: bool = False) -> Iterator[BatchResults]:
    """Begin a batch's results, or go on with those of before.

    Args:
        path: The CSV file; beside it lies its ``.part`` until the batch has ended.
        outputs: The names of the outputs.
        anew: Whether to keep nothing of before.

    Raises:
        DefinitionError: The file is something else, its folder is missing, or another process writes it.
    """
    columns = columns_of(outputs)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise DefinitionError(f"the results can't be written to {path}; give a file in a folder that is there")
    if path.exists() and not _is_ours(path):
        raise DefinitionError(f"{path} is no table of a batch's results; give another file for the results")
    with _part_of(path).open("a+b") as part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DefinitionError(f"another batch is writing {path}; wait for its end, or give another file") from error
        _prepare(part, path, columns, anew=anew)
        yield BatchResults(path, columns, part)


def _part_of(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _prepare(part: IO[bytes], path: Path, columns: list[str], *, anew: bool) -> None:
    """See that the part begins with the header and holds what there is of before."""
    if not anew and part.seek(0, os.SEEK_END) == 0 and path.exists():
        with path.open("rb") as before:
            shutil.copyfileobj(before, part)
    part.seek(0)
    if anew or part.readline() != _as_line(columns):
        part.truncate(0)
        part.write(_as_line(columns))
    part.flush()


def _is_ours(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        header = next(csv.reader([file.readline(2**20)]), [])
    first, last = len(FIRST_COLUMNS), len(LAST_COLUMNS)
    return tuple(header[:first]) == FIRST_COLUMNS and tuple(header[-last:]) == LAST_COLUMNS


def _as_line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode(errors="replace")


class _Rows:
    """Where rows are, by their key; of equal keys the last."""

    def __init__(self, keys: array[int], places: array[int]) -> None:
        unsorted = np.frombuffer(keys, dtype=np.uint64)
        order = np.argsort(unsorted, kind="stable")
        self._keys = unsorted[order]
        self._places = np.frombuffer(places, dtype=np.int64).reshape(-1, 2)[order]

    def find(self, key: int) -> tuple[int, int] | None:
        at = int(np.searchsorted(self._keys, np.uint64(key), side="right")) - 1
        if at < 0 or int(self._keys[at]) != key:
            return None
        start, end = self._places[at]
        return int(start), int(end)


def _rows_of_succeeded(part: IO[bytes], columns: list[str]) -> _Rows:
    """Read the part; what a process left half written at its end is cut off."""
    keys, places = array("Q"), array("q")
    case, status, fingerprint = (columns.index(name) for name in ("case", "status", "fingerprint"))
    lines = _Lines(part)
    rows = csv.reader(lines, strict=True)
    end = 0
    try:
        for row in rows:
            start, end = end, lines.position
            if len(row) != len(columns) or not lines.is_whole:
                end = start
                break
            if row[status] == JobStatus.SUCCESS.name:
                keys.append(key_of(row[case], row[fingerprint]))
                places.extend((start, end))
    except (csv.Error, UnicodeDecodeError):
        pass
    part.truncate(end)
    return _Rows(keys, places)


class _Lines(Iterator[str]):
    """The lines of a file, and how far it was read, in bytes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._file.seek(0)
        self.position = 0
        self.is_whole = True

    def __next__(self) -> str:
        line = self._file.readline()
        if not line:
            raise StopIteration
        self.position += len(line)
        self.is_whole = line.endswith(b"\n")
        return line.decode()
