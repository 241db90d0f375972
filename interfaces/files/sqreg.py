"""SQREG files: SQLite 3 databases.

Format: https://www.sqlite.org/fileformat.html
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from interfaces.errors import ValidationError

MAX_STEPS = 50
"""How many times `STEP_INSTRUCTIONS` may pass before checking stops; what was sound by then counts as sound."""

STEP_INSTRUCTIONS = 1_000_000
_MAX_VALUE_BYTES = 2**26
_MAGIC = b"SQLite format 3\0"


def check_sqreg(path: Path) -> None:
    """An SQLite database that opens read-only, has a table, and passes SQLite's own quick check.

    Raises:
        ValidationError: It is not; the text holds what SQLite found.
    """
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise ValidationError("It is no SQLite file, as an SQREG file is")
    # immutable: no lock, no journal beside the file is looked at.
    uri = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            problem = _problem(connection)
    except sqlite3.Error as error:
        raise ValidationError(f"It is a damaged SQLite file: {error}") from error
    if problem:
        raise ValidationError(problem)


def _problem(connection: sqlite3.Connection) -> str:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    if not connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]:
        return "It is an SQLite file without a table"
    steps = 0

    def is_over() -> bool:
        nonlocal steps
        steps += 1
        return steps > MAX_STEPS

    connection.set_progress_handler(is_over, STEP_INSTRUCTIONS)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError:
        if steps > MAX_STEPS:
            return ""
        raise
    return "" if found == "ok" else f"It is a damaged SQLite file: {' '.join(str(found).split())[:200]}"
