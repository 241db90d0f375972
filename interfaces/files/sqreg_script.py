"""Checks an SQLite database with SQLite itself; `guarded` runs it in a process of its own.

Of a hostile database even the check can compute: generated columns have expressions, and one of them can take minutes.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from urllib.parse import quote

REFUSED = 3

MAX_STEPS = 50
"""How many times `STEP_INSTRUCTIONS` may pass before checking stops; what was sound by then counts as sound."""

STEP_INSTRUCTIONS = 1_000_000
_MAX_VALUE_BYTES = 2**26


def why_invalid(path: str) -> str:
    """One sentence on why a file is no database that can be read, or ""."""
    # immutable: no lock is taken, and no journal beside the file is looked at.
    uri = f"file:{quote(path)}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            return _problem(connection)
    except (sqlite3.Error, ValueError) as error:  # ValueError: what should be text is not UTF-8
        return f"It is a damaged SQLite file: {' '.join(str(error).split())[:200]}"


def _problem(connection: sqlite3.Connection) -> str:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "ignore_check_constraints = ON"):
        connection.execute(f"PRAGMA {pragma}")
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


if __name__ == "__main__":
    if why := why_invalid(sys.argv[-1]):
        print(why)
        sys.exit(REFUSED)
