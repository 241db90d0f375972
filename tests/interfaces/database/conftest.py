from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgresql import programs, running_server
from sqlalchemy import create_engine, text

from interfaces.database.sessions import Database


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    if programs() is None:
        pytest.skip("no PostgreSQL server is installed (apt-get install postgresql)")
    with running_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A new database of each kind, migrated."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/a.db"
    else:
        url = request.getfixturevalue("postgresql_server")
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()
    database = Database(url, tmp_path)
    yield database
    database.close()
