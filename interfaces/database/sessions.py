"""The database: one engine a site, migrated when it is first opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from filelock import FileLock
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from interfaces.database import migrations_folder
from interfaces.errors import ServiceUnavailable

HEAD = "0004"
"""The newest migration; said here so that opening an up-to-date database needs no Alembic."""

_MIGRATION_LOCK = 4_743_000  # any number that nobody else locks on the same PostgreSQL database


class Database:
    """Sessions over SQLite (in write-ahead mode) or PostgreSQL.

    Args:
        url: An SQLAlchemy URL.
        folder: Where the lock of a migration of SQLite lies.

    Raises:
        ServiceUnavailable: The database can't be reached.
    """

    def __init__(self, url: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        try:
            if self._version() != HEAD:
                self._migrate()
        except OperationalError as error:
            raise ServiceUnavailable(
                f"the database at {self.engine.url.render_as_string()} can't be opened: {error.orig}"
            ) from error

    def _version(self) -> str | None:
        with self.engine.connect() as connection:
            try:
                return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            except (OperationalError, ProgrammingError) as error:
                if _is_missing_table(error):
                    return None
                raise

    def _migrate(self) -> None:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(migrations_folder()))
        with FileLock(self._folder / "migration.lock"), self.engine.begin() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session whose work is committed at the end, or rolled back on an error."""
        with self._sessions.begin() as session:
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _is_missing_table(error: DBAPIError) -> bool:
    text_of = str(error.orig).lower()
    return "no such table" in text_of or "does not exist" in text_of


def _prepare_sqlite(connection: SqliteConnection, _record: Any) -> None:
    cursor = connection.cursor()
    # Readers go on beside one writer; a writer waits for its turn rather than failing.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
