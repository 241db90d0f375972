from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from interfaces.errors import ValidationError
from interfaces.files import sqreg
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
    monkeypatch.setattr(sqreg, "MAX_STEPS", 1)
    monkeypatch.setattr(sqreg, "STEP_INSTRUCTIONS", 1)
    check_sqreg(database)


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
