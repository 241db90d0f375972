from __future__ import annotations

import sqlite3
from pathlib import Path
from time import perf_counter

import pytest

from interfaces.errors import ValidationError
from interfaces.files import guarded, sqreg_script
from interfaces.files.sqreg import check_sqreg


@pytest.fixture
def database(tmp_path) -> Path:
    path = tmp_path / "file ? #1%20.sqreg"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE transforms (id INTEGER PRIMARY KEY, data BLOB)")
        connection.executemany("INSERT INTO transforms (data) VALUES (?)", [(bytes(500),)] * 500)
    connection.close()
    return path


def test_a_database_passes_and_nothing_is_written_beside_it(database):
    before = database.read_bytes()
    check_sqreg(database)
    assert database.read_bytes() == before
    assert list(database.parent.iterdir()) == [database]


def test_a_database_that_may_not_be_written_passes(database):
    database.chmod(0o444)
    check_sqreg(database)


def test_a_database_that_takes_too_long_is_taken_as_far_as_it_was_checked(database, monkeypatch):
    monkeypatch.setattr(sqreg_script, "MAX_STEPS", 1)
    monkeypatch.setattr(sqreg_script, "STEP_INSTRUCTIONS", 1)
    assert sqreg_script.why_invalid(str(database)) == ""


def made(path: Path, *statements: str) -> Path:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


TABLE = "CREATE TABLE t (a)"


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW v AS SELECT load_extension('/tmp/evil.so')",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT load_extension('/tmp/evil.so'); END",
        "CREATE VIEW v AS SELECT * FROM v2",
        "CREATE VIRTUAL TABLE f USING fts5(x)",
    ],
)
def test_what_a_database_would_run_is_not_run(tmp_path, statement):
    check_sqreg(made(tmp_path / "file", TABLE, statement))


SLOW = "length(replace(hex(zeroblob(10000000 + a)), '00', '12')) > 0"  # a tenth of a second for each row
ROWS = "INSERT INTO t (a) WITH RECURSIVE c (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c LIMIT 2000) SELECT x FROM c"


def changed_to(sql: str) -> tuple[str, str]:
    return "PRAGMA writable_schema = ON", "UPDATE sqlite_master SET sql = '{}'".format(sql.replace("'", "''"))


def test_a_constraint_that_would_compute_for_hours_is_not_looked_at(tmp_path):
    path = made(tmp_path / "file", TABLE, ROWS, *changed_to(f"CREATE TABLE t (a CHECK ({SLOW}))"))
    start = perf_counter()
    check_sqreg(path)
    assert perf_counter() - start < 15


def test_a_column_that_would_compute_for_hours_ends_in_a_refusal(tmp_path, monkeypatch):
    monkeypatch.setattr(guarded, "_START", guarded._START.replace(f"({guarded.CPU_S}, {guarded.CPU_S})", "(1, 1)"))
    path = made(tmp_path / "file", TABLE, ROWS, *changed_to(f"CREATE TABLE t (a, b TEXT AS ({SLOW}) NOT NULL)"))
    with pytest.raises(ValidationError, match="It is no SQLite file that can be read"):
        check_sqreg(path)


def test_a_schema_that_is_no_sql_is_refused(tmp_path):
    broken = "UPDATE sqlite_master SET sql = 'CREATE TABLE t (a'"
    path = made(tmp_path / "file", TABLE, "PRAGMA writable_schema = ON", broken)
    with pytest.raises(ValidationError, match="malformed database schema"):
        check_sqreg(path)


def test_a_database_in_write_ahead_mode_passes_without_its_journal(tmp_path):
    path = made(tmp_path / "file", "PRAGMA journal_mode = WAL", TABLE)
    check_sqreg(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_page_is_found(database):
    data = bytearray(database.read_bytes())
    data[8192 : 8192 + 4096] = b"\xff" * 4096
    database.write_bytes(data)
    with pytest.raises(ValidationError, match="It is a damaged SQLite file: "):
        check_sqreg(database)


def test_a_cut_database_is_refused(database):
    database.write_bytes(database.read_bytes()[:20_000])
    with pytest.raises(ValidationError, match="It is a damaged SQLite file"):
        check_sqreg(database)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "It is no SQLite file"),
        (b"SQLite format 2\0" + bytes(4096), "It is no SQLite file"),
        (b"SQLite format 3\0" + bytes(4096), "It is a damaged SQLite file"),
        (b"SQLite format 3\0" + b"\xff" * 4096, "It is a damaged SQLite file"),
    ],
    ids=["empty", "old", "zeros", "ones"],
)
def test_what_is_no_database_is_refused(written, content, why):
    with pytest.raises(ValidationError, match=why):
        check_sqreg(written(content))


def test_a_database_without_a_table_is_refused(tmp_path):
    connection = sqlite3.connect(tmp_path / "empty")
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    with pytest.raises(ValidationError, match="without a table"):
        check_sqreg(tmp_path / "empty")
