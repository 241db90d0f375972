"""Previews of files that have no picture: what they hold, counted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Protocol
from urllib.parse import quote

from interfaces.errors import ValidationError
from interfaces.files.newick import newick_tokens
from interfaces.files.zip_archive import MAX_BYTES, MAX_ENTRIES, safe_entries
from interfaces.images.bounds import bytes_text
from interfaces.json_parsing import parse_json
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.previews import biom_facts_script
from interfaces.previews.isolated import render
from interfaces.previews.limits import MAX_JSON_BYTES, Deadline
from interfaces.previews.mp4_facts import mp4_facts
from interfaces.previews.record import Preview
from interfaces.previews.tables import Table
from interfaces.previews.texts import count_text

SHOWN = 10
"""Entries or tables that are listed."""

_MAX_LINE_BYTES = 2**20
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_COUNT_STEPS, _STEP_INSTRUCTIONS = 20, 1_000_000


class Facts(Protocol):
    """Says what a file holds."""

    def __call__(self, path: Path, *, deadline: Deadline) -> Table:
        """The facts of the file at `path`."""


def facts_preview(kind: Kind, path: Path, *, title: str, deadline: Deadline) -> Preview:
    """What a file holds, as a table.

    Raises:
        ValidationError: It can't be read, or not within the limits.
    """
    return FACTS[kind](path, deadline=deadline).preview(title)


def _zip(path: Path, *, deadline: Deadline) -> Table:
    entries = safe_entries(path, max_bytes=MAX_BYTES, max_entries=MAX_ENTRIES)
    total = bytes_text(sum(entry.file_size for entry in entries))
    packed = bytes_text(path.stat().st_size)
    shown = f"; the first {SHOWN} are shown" if len(entries) > SHOWN else ""
    return Table(
        columns=["file", "size"],
        rows=[[entry.filename, bytes_text(entry.file_size)] for entry in entries[:SHOWN]],
        note=f"{count_text(len(entries), 'file')} of {total} unpacked, {packed} packed{shown}.",
    )


def _obj(path: Path, *, deadline: Deadline) -> Table:
    counts = {b"v": 0, b"f": 0, b"l": 0, b"p": 0}
    low, high = [float("inf")] * 3, [float("-inf")] * 3
    with path.open("rb") as file:
        while line := file.readline(_MAX_LINE_BYTES):
            words = line.split(None, 4)
            if not words or words[0] not in counts:
                continue
            counts[words[0]] += 1
            if words[0] == b"v" and len(words) >= 4:
                point = _point(words[1:4])
                low = [min(one, other) for one, other in zip(low, point, strict=True)]
                high = [max(one, other) for one, other in zip(high, point, strict=True)]
                if counts[b"v"] % 4096 == 0:
                    deadline.check()
    if not counts[b"v"]:
        raise ValidationError("it has no vertices")
    rows = [["vertices", f"{counts[b'v']:,}"], ["faces", f"{counts[b'f']:,}"]]
    rows += [[name, f"{counts[key]:,}"] for key, name in ((b"l", "lines"), (b"p", "points")) if counts[key]]
    rows += [[axis, f"{a:.6g} to {b:.6g}"] for axis, a, b in zip("xyz", low, high, strict=True)]
    return Table(rows=rows)


def _point(words: list[bytes]) -> list[float]:
    try:
        return [float(word) for word in words]
    except ValueError as error:
        raise ValidationError("it has a vertex that is no point") from error


def _newick(path: Path, *, deadline: Deadline) -> Table:
    trees = commas = depth = deepest = 0
    names: list[str] = []
    before = ""
    for number, (kind, token, _) in enumerate(newick_tokens(path.read_text(encoding="utf-8"))):
        if number % 4096 == 0:
            deadline.check()
        trees += token == ";" and kind == "mark"
        commas += token == "," and kind == "mark"
        if kind == "mark" and token in "()":
            depth += 1 if token == "(" else -1
            deepest = max(deepest, depth)
        elif kind in {"bare", "quoted"} and before in {"", "(", ",", ";"} and len(names) < SHOWN:
            names.append(token)
        before = token if kind == "mark" else "label"
    # A group of children has one comma less than children, so that groups fall out of the sum.
    rows = [["trees", f"{trees:,}"], ["leaves", f"{commas + trees:,}"], ["deepest level", f"{deepest:,}"]]
    return Table(rows=[*rows, ["first leaves", ", ".join(names) or "without names"]])


def _biom(path: Path, *, deadline: Deadline) -> Table:
    with path.open("rb") as file:
        is_hdf5 = file.read(len(_HDF5_MAGIC)) == _HDF5_MAGIC
    if is_hdf5:
        facts = json.loads(render(Path(biom_facts_script.__file__), str(path.absolute())))
    else:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise ValidationError(f"it has more than {bytes_text(MAX_JSON_BYTES)} of JSON")
        table = parse_json(path.read_bytes())
        stored = len(table["data"]) if table["matrix_type"] == "sparse" else table["shape"][0] * table["shape"][1]
        facts = {"type": table["type"], "shape": table["shape"], "stored": stored, "form": "BIOM 1 (JSON)"}
    rows, columns = facts["shape"]
    return Table(
        rows=[
            ["observations", f"{rows:,}"],
            ["samples", f"{columns:,}"],
            ["stored values", f"{facts['stored']:,}"],
            ["type", str(facts["type"])],
            ["form", facts["form"]],
        ]
    )


def _sqreg(path: Path, *, deadline: Deadline) -> Table:
    uri = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2**26)
            connection.execute("PRAGMA trusted_schema = OFF")
            found = "FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            count = connection.execute(f"SELECT count(*) {found}").fetchone()[0]
            names = [str(name) for (name,) in connection.execute(f"SELECT name {found} LIMIT {SHOWN}")]
            rows = [[name, _columns(connection, name), _row_count(connection, name)] for name in names]
    except sqlite3.Error as error:
        raise ValidationError("it is a damaged SQLite file") from error
    shown = f"; the first {SHOWN} are shown" if count > SHOWN else ""
    return Table(columns=["table", "columns", "rows"], rows=rows, note=f"{count_text(count, 'table')}{shown}.")


def _columns(connection: sqlite3.Connection, table: str) -> str:
    names = connection.execute("SELECT name FROM pragma_table_info(?) LIMIT 20", (table,))
    return ", ".join(str(name) for (name,) in names)


def _row_count(connection: sqlite3.Connection, table: str) -> str:
    """The number of rows, or a dash where it takes long to count them."""
    steps = 0

    def is_over() -> bool:
        nonlocal steps
        steps += 1
        return steps > _COUNT_STEPS

    connection.set_progress_handler(is_over, _STEP_INSTRUCTIONS)
    try:
        quoted = '"' + table.replace('"', '""') + '"'
        return f"{connection.execute(f'SELECT count(*) FROM {quoted}').fetchone()[0]:,}"
    except sqlite3.OperationalError:
        return "-"
    finally:
        connection.set_progress_handler(None, 0)


def _mp4(path: Path, *, deadline: Deadline) -> Table:
    return Table(rows=mp4_facts(path))


FACTS: Mapping[Kind, Facts] = MappingProxyType(
    {
        Kind.ZIP: _zip,
        Kind.OBJ: _obj,
        Kind.NEWICK: _newick,
        Kind.BIOM: _biom,
        Kind.SQREG: _sqreg,
        Kind.MP4: _mp4,
    }
)
"""What is said about each file kind that has no picture."""
