"""The database: one engine a site, migrated when it is first opened."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import OperationalError as SqliteError
from typing import Any

from filelock import FileLock
from sqlalchemy import URL, Dialect, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.orm import Session, sessionmaker

from interfaces.database import migrations_folder
from interfaces.errors import DefinitionError, ServiceUnavailable

HEAD = "0007"
"""The newest migration; said here so that opening an up-to-date database needs no Alembic."""

PAUSES_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Before each further attempt to connect to a server that answered before: it is restarted, say."""

SQLITE_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)
"""Before each further attempt to put a file of SQLite into write-ahead mode."""

_PATIENCE = {
    "connect_timeout": 10,
    # A server whose machine is gone sends nothing: without these, a query would wait for a quarter of an hour.
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""Of connections to PostgreSQL: seconds, and milliseconds of the last.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
"""

_MIGRATION_LOCK = 4_743_000  # any number that nobody else locks on the same PostgreSQL database


class DatabaseAway(ServiceUnavailable, SQLAlchemyError):
    """The database went away while it was used; also an error of the database, for those who ride such out."""


class Database:
    """Sessions over SQLite (in write-ahead mode) or PostgreSQL.

    Args:
        url: An SQLAlchemy URL.
        folder: Where the lock of a migration of SQLite lies.

    Raises:
        ServiceUnavailable: The database can't be reached, or its driver is not installed.
        DefinitionError: The URL is none.
    """

    def __init__(self, url: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        parsed = _parsed(url)
        is_sqlite = parsed.get_backend_name() == "sqlite"
        try:
            self.engine = create_engine(
                parsed,
                pool_pre_ping=not is_sqlite,
                connect_args={} if is_sqlite else dict(_PATIENCE),
                hide_parameters=True,  # errors end in logs, where the values of inputs have no place
            )
        except ImportError as error:
            raise ServiceUnavailable(
                f"the database at {parsed.render_as_string()} needs a package that is not installed ({error}); install "
                "pip install 'component-flows[postgresql]'"
            ) from error
        if is_sqlite:
            event.listen(self.engine, "connect", prepare_sqlite)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        try:
            if self._version() != HEAD:
                self._migrate()
        except OperationalError as error:
            raise ServiceUnavailable(
                f"the database at {self.engine.url.render_as_string()} can't be opened: {_one_line(error)}"
            ) from error
        if not is_sqlite:  # from now on: who opens it first is told at once
            event.listen(self.engine, "do_connect", _connect_patiently)

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
        """A session whose work is committed at the end, or rolled back on an error.

        Raises:
            DatabaseAway: The database server can't be reached any more.
        """
        try:
            with self._sessions.begin() as session:
                yield session
        except OperationalError as error:
            if not self.is_shared or not _is_away(error):
                raise
            raise DatabaseAway(
                f"the database at {self.engine.url.render_as_string()} went away ({_one_line(error)}); see that its "
                "server runs and can be reached from this machine"
            ) from error

    @property
    def is_shared(self) -> bool:
        """Whether processes of several machines may use it."""
        return self.engine.dialect.name != "sqlite"

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _one_line(error: OperationalError) -> str:
    return " ".join(str(error.orig).split())


def _is_away(error: OperationalError) -> bool:
    """Whether it is the connection that failed and not a statement (a deadlock is an OperationalError, too)."""
    # https://www.postgresql.org/docs/current/errcodes-appendix.html: connections, resources, a server that shuts down.
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state.startswith(("08", "53", "57P"))


def _parsed(url: str) -> URL:
    """The URL, with the driver that this project installs where it names none."""
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:  # ValueError: a port that is no number
        raise DefinitionError(
            "COMPONENT_FLOWS_DATABASE_URL is no URL of a database that can be used; write "
            "postgresql://user@host/database, or leave it unset for SQLite"
        ) from error
    return parsed


def _connect_patiently(dialect: Dialect, _record: Any, arguments: list[Any], options: dict[str, Any]) -> Any:
    error = dialect.loaded_dbapi.OperationalError
    return _again_and_again(lambda: dialect.connect(*arguments, **options), error, PAUSES_S)


def _again_and_again(attempt: Callable[[], Any], error: type[Exception], pauses_s: Iterable[float]) -> Any:
    """Make an attempt, and after each pause another one where it failed with that error; the last one may raise it."""
    for pause_s in pauses_s:
        try:
            return attempt()
        except error:
            time.sleep(pause_s)
    return attempt()


def _is_missing_table(error: DBAPIError) -> bool:
    text_of = str(error.orig).lower()
    return "no such table" in text_of or "does not exist" in text_of


def prepare_sqlite(connection: SqliteConnection, _record: Any = None) -> None:
    """Set up a new connection to SQLite."""
    cursor = connection.cursor()
    # Readers go on beside one writer; a writer waits for its turn rather than failing.
    for pragma in ("busy_timeout=30000", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    # Several may open a new file at once: SQLite lets none of them wait for this.
    _again_and_again(lambda: cursor.execute("PRAGMA journal_mode=WAL"), SqliteError, SQLITE_PAUSES_S)
    cursor.close()
