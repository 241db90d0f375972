"""Cases: one set of inputs each, from a table, a folder, an archive or Python, read one after another."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from interfaces.definition import ComponentInterface
from interfaces.errors import CasesInvalid, ValidationError
from interfaces.json_values import canonical_json
from interfaces.value import ComponentInterfaceValue

MAX_ID_CHARACTERS = 255
"""Of a case's id: as many as the name of a job has."""

MAX_PROBLEMS = 20
"""How many are told at once; a table can have a million."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One set of inputs.

    Attributes:
        id: What it is called; unique among the cases.
        inputs: By name, what is handed in: a JSON value, a `Path`, a URI, a stored value, or a list of them.
        problems: Why it can't be run, by the input's name; by "" what is wrong with it as a whole.
    """

    id: str
    inputs: Mapping[str, Any]
    problems: Mapping[str, str] = field(default_factory=dict)

    def fingerprint(self, of: str) -> str:
        """16 hexadecimal digits that change with the inputs, and with what they are run through.

        A file counts by its path, size and time of change, and a URI by itself: they are not read for this.

        Args:
            of: What identifies the component or graph with its images.
        """
        digest = blake2b(of.encode(), digest_size=8)
        for name in sorted(self.inputs):
            digest.update(f"\n{name}\n".encode())
            for part in _seen(self.inputs[name]):
                digest.update(part.encode(errors="surrogateescape"))
        return digest.hexdigest()


def _seen(given: Any) -> Iterator[str]:
    if isinstance(given, ComponentInterfaceValue):
        yield given.sha256
    elif isinstance(given, Path):
        yield from _files(given)
    elif isinstance(given, list) and any(isinstance(one, Path | ComponentInterfaceValue) for one in given):
        for one in given:
            yield from _seen(one)
    else:
        try:
            yield canonical_json(given).decode()
        except ValidationError:
            yield repr(given)  # no input at all, as will be said when the case is run


def _files(path: Path) -> Iterator[str]:
    for one in sorted(path.rglob("*")) if path.is_dir() else [path]:
        try:
            facts = one.stat()
        except OSError:
            yield f"{one} is not there"
        else:
            yield f"{one} {facts.st_size} {facts.st_mtime_ns}"


@dataclass(frozen=True, kw_only=True)
class CaseInputs:
    """What inputs cases may have, and must have.

    Attributes:
        of: What takes them, for messages: ``the component 'x'``.
        interfaces: The interface of each input by its name.
        sets: The names of which a case needs at least those of one set; none: nothing is needed.
        lists: The names of those inputs that are lists of values.
    """

    of: str
    interfaces: Mapping[str, ComponentInterface]
    sets: tuple[frozenset[str], ...] = ()
    lists: frozenset[str] = frozenset()

    @property
    def id_column(self) -> str:
        """The name under which a case's id stands beside its inputs."""
        return "case" if "case" not in self.interfaces else "case-id"

    def find_problems(self, columns: Sequence[str]) -> list[str]:
        """What is wrong with the names that all cases have, one sentence each."""
        found = [f"column {number} has no name" for number, name in enumerate(columns, start=1) if not name]
        found += [f"the column '{name}' is there twice" for name in sorted({*columns}) if columns.count(name) > 1]
        known = [self.id_column, *self.interfaces]
        for name in dict.fromkeys(columns):
            if name and name not in known:
                near = get_close_matches(name, known, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"its inputs are {', '.join(self.interfaces)}"
                found.append(f"'{name}' is no input of {self.of}; {hint}")
        if self.sets and not any(needed <= set(columns) for needed in self.sets):
            least = min(self.sets, key=lambda needed: (len(needed - set(columns)), sorted(needed)))
            found += [f"'{name}' is missing, which {self.of} takes" for name in sorted(least - set(columns))]
        return found

    def given(self, name: str, value: Any) -> Any:
        """What was handed in for an input, where a text that names a file is made a path."""
        if isinstance(value, list) and name in self.lists:
            return [self._placed(name, one) for one in value]
        return self._placed(name, value)

    def _placed(self, name: str, value: Any) -> Any:
        is_path = isinstance(value, str) and not self.interfaces[name].is_json_kind and "://" not in value
        return Path(value) if is_path else value


@dataclass(frozen=True, kw_only=True)
class CaseSource:
    """Cases that can be read, as often as is wanted.

    Attributes:
        title: Where they are, for messages.
        count: How many there are.
        read: Gives them one by one, always in the same order.
    """

    title: str
    count: int
    read: Callable[[], Iterator[Case]]


def cases_of_records(records: Sequence[Mapping[str, Any]], inputs: CaseInputs) -> CaseSource:
    """Cases from a list of dicts: the inputs of each by name, and its id under `case`, else its number (from 1).

    Raises:
        CasesInvalid: An entry is no dict, or has a name that no input has; ids are missing or there twice.
    """
    title = "the list"
    if wrong := [number for number, one in enumerate(records, start=1) if not isinstance(one, Mapping)]:
        raise CasesInvalid(title, [f"entry {wrong[0]} is no dict of inputs by name"])
    names = list(dict.fromkeys(str(name) for one in records for name in one))

    def read() -> Iterator[Case]:
        for number, one in enumerate(records, start=1):
            values = {name: inputs.given(name, value) for name, value in one.items() if name != inputs.id_column}
            yield Case(id=str(one.get(inputs.id_column, number)), inputs=values)

    return checked_source(title, names, inputs, read)


def cases_of_frame(frame: pd.DataFrame, inputs: CaseInputs) -> CaseSource:
    """Cases from a DataFrame: one a row, the inputs in columns, the id in the column `case`, else the row's number.

    A cell holds what `run_component` takes; one that is missing (None, NaN) gives nothing for its input.

    Raises:
        CasesInvalid: A column is no input, or there twice; ids are missing or there twice.
    """
    names = [str(name) for name in frame.columns]

    def read() -> Iterator[Case]:
        for number, row in enumerate(frame.itertuples(index=False, name=None), start=1):
            cells = {name: _plain(cell) for name, cell in zip(names, row, strict=True) if not _is_missing(cell)}
            case_id = str(cells.pop(inputs.id_column, "" if inputs.id_column in names else number))
            yield Case(id=case_id, inputs={name: inputs.given(name, cell) for name, cell in cells.items()})

    return checked_source("the DataFrame", names, inputs, read)


def _is_missing(cell: Any) -> bool:
    return cell is None or (pd.api.types.is_scalar(cell) and bool(pd.isna(cell)))


def _plain(cell: Any) -> Any:
    return cell.item() if isinstance(cell, np.generic) else cell


def checked_source(
    title: str,
    columns: Sequence[str],
    inputs: CaseInputs,
    read: Callable[[], Iterator[Case]],
    ids: Callable[[], Iterator[str]] | None = None,
) -> CaseSource:
    """Go through the cases once, before any is run.

    Args:
        title: Where they are, for messages.
        columns: The names that they have.
        inputs: Those that they may have.
        read: Gives the cases.
        ids: Gives their ids, where that is quicker.

    Raises:
        CasesInvalid: Names are wrong, there is no case, or ids are missing, too long or there twice.
    """
    if columns and (problems := inputs.find_problems(columns)):
        raise CasesInvalid(title, problems)
    ids = ids or (lambda: (case.id for case in read()))
    keys = array("Q")
    bad: list[str] = []
    for number, case_id in enumerate(ids(), start=1):
        keys.append(key_of(case_id))
        if (why := _id_problem(case_id)) and len(bad) < MAX_PROBLEMS:
            bad.append(f"case {number} {why}")
    if not keys:
        raise CasesInvalid(title, ["there is none; give each a row"])
    if problems := bad or _twice(keys, ids):
        raise CasesInvalid(title, problems)
    return CaseSource(title=title, count=len(keys), read=read)


def key_of(*texts: str) -> int:
    """64 bits of a hash: what a million cases are told apart by without keeping a million texts."""
    return int.from_bytes(blake2b("\n".join(texts).encode(errors="replace"), digest_size=8).digest())


def _id_problem(case_id: str) -> str:
    if not case_id.strip():
        return "has no id"
    if len(case_id) > MAX_ID_CHARACTERS:
        return f"has an id of {len(case_id)} characters; at most {MAX_ID_CHARACTERS} are taken"
    return "" if case_id.isprintable() else f"has an id that can't be printed: {case_id!r:.60}"


def _twice(keys: array[int], ids: Callable[[], Iterator[str]]) -> list[str]:
    ordered = np.sort(np.frombuffer(keys, dtype=np.uint64))
    repeated = {int(key) for key in ordered[1:][ordered[1:] == ordered[:-1]][:MAX_PROBLEMS]}
    if not repeated:
        return []
    numbers: dict[str, list[str]] = {}
    for number, case_id in enumerate(ids(), start=1):
        if key_of(case_id) in repeated:
            numbers.setdefault(case_id, []).append(str(number))
    return [f"the id '{case_id}' is that of the cases {_listed(places)}" for case_id, places in numbers.items()]


def _listed(texts: Iterable[str], most: int = 5) -> str:
    shown = list(texts)
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more
