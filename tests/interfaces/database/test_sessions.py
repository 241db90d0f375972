"""What is told where a database can't be used, and what is ridden out."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from postgresql import programs, running_server
from registries import free_port
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from interfaces.database import sessions
from interfaces.database.sessions import Database, DatabaseAway
from interfaces.errors import DefinitionError, ServiceUnavailable

needs_postgresql = pytest.mark.skipif(programs() is None, reason="needs a PostgreSQL server")


def test_a_server_that_is_down_is_told_at_once_and_without_the_password(tmp_path):
    started = time.monotonic()
    with pytest.raises(ServiceUnavailable, match=r"the database at .* can't be opened: .*refused") as caught:
        Database(f"postgresql://flows:very-secret@127.0.0.1:{free_port()}/flows", tmp_path)
    assert time.monotonic() - started < 5
    assert caught.value.exit_code == 4 and "very-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["flows", "s3://bucket", "oracle-of-delphi://host/name", "postgresql://flows@host:port/flows"]
)
def test_what_is_no_database_is_told(tmp_path, url):
    with pytest.raises(DefinitionError, match="COMPONENT_FLOWS_DATABASE_URL is no URL of a database"):
        Database(url, tmp_path)


def test_a_driver_that_is_not_installed_is_named(tmp_path):
    code = (
        "import sys; sys.modules['psycopg'] = None; from pathlib import Path\n"
        "from interfaces.database.sessions import Database\n"
        f"Database('postgresql://flows@host/flows', Path('{tmp_path}'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False
    )
    assert "needs a package that is not installed" in done.stderr
    assert "pip install 'component-flows[postgresql]'" in done.stderr


def test_a_new_file_of_sqlite_can_be_opened_by_many_at_once(tmp_path):
    for number in range(40):
        with ThreadPoolExecutor(8) as pool:
            modes = list(pool.map(_opened, [tmp_path / f"{number}.db"] * 8, [threading.Barrier(8)] * 8))
        assert modes == ["wal"] * 8


def _opened(path, barrier):
    connection = sqlite3.connect(path)
    barrier.wait()
    sessions.prepare_sqlite(connection)
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    connection.close()
    return mode


@needs_postgresql
def test_a_server_that_is_restarted_is_found_again_and_one_that_is_gone_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sessions, "PAUSES_S", (0.1,))
    with running_server() as url:
        database = Database(url, tmp_path)
        data = Path(str(make_url(url).query["host"])) / "data"
        control = [str(programs() / "pg_ctl"), "--pgdata", str(data), "--log", str(data / "log"), "--mode", "immediate"]
        subprocess.run([*control, "restart"], check=True, capture_output=True, user=data.owner(), cwd=data)
        with database.session() as session:
            assert session.scalar(text("SELECT 1")) == 1
        subprocess.run([*control, "stop"], check=True, capture_output=True, user=data.owner(), cwd=data)
        with pytest.raises(DatabaseAway, match="went away") as caught, database.session() as session:
            session.scalar(text("SELECT 1"))
        assert caught.value.exit_code == 4 and isinstance(caught.value, SQLAlchemyError)
        # `running_server` stops it once more.
        subprocess.run([*control, "start"], check=True, capture_output=True, user=data.owner(), cwd=data)
        database.close()
