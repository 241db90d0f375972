"""Insert a row unless it is there: the database decides, so that two processes at once get one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Insert, Table, bindparam, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from interfaces.database.base import Base


def insert_if_new(session: Session, table: type[Base], values: Mapping[str, Any], *, unique: Sequence[str]) -> bool:
    """Insert a row unless one with the same unique columns exists.

    Args:
        session: An open session.
        table: The row's class.
        values: Its columns.
        unique: The columns of the unique constraint.

    Returns:
        Whether the row is new.
    """
    # Unless it is asked for, PostgreSQL's count of rows is gone (-1) once the statement has run.
    done = session.execute(
        _statement(session, table, tuple(unique)), values, execution_options={"preserve_rowcount": True}
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def insert_all_if_new(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], *, unique: Sequence[str]
) -> None:
    """Insert rows unless they are there, in one go; all have the same columns."""
    if rows:
        session.execute(_statement(session, table, tuple(unique)), rows)


def insert_all_or_renew(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], *, unique: Sequence[str], before: datetime
) -> None:
    """Insert rows, and note of those that are there already that they were used again.

    Args:
        session: An open session.
        table: The rows' class, with the columns `created` and `used_at`.
        rows: All have the same columns.
        unique: The columns of the unique constraint.
        before: What was made or used since then is left as it is, so that hardly any row is written twice.
    """
    if rows:
        is_postgresql = session.get_bind().dialect.name == "postgresql"
        given = [{**row, "renew_before": before} for row in rows]
        session.execute(_renewal(is_postgresql, table, tuple(unique), tuple(rows[0])), given)


def _statement(session: Session, table: type[Base], unique: tuple[str, ...]) -> Insert:
    return _insert(session.get_bind().dialect.name == "postgresql", table, unique)


@cache
def _insert(is_postgresql: bool, table: type[Base], unique: tuple[str, ...]) -> Insert:
    # Of the table and not of its class, with the values apart: building and keying it anew for each row takes longer
    # than writing the row does.
    insert = postgresql.insert if is_postgresql else sqlite.insert
    return insert(cast(Table, table.__table__)).on_conflict_do_nothing(index_elements=list(unique))


@cache
def _renewal(is_postgresql: bool, table: type[Base], unique: tuple[str, ...], names: tuple[str, ...]) -> Insert:
    there = cast(Table, table.__table__)
    insert = (postgresql.insert if is_postgresql else sqlite.insert)(there)
    insert = insert.values({name: bindparam(name, type_=there.c[name].type) for name in names})
    return insert.on_conflict_do_update(
        index_elements=list(unique),
        set_={"used_at": insert.excluded.created},
        where=func.coalesce(there.c.used_at, there.c.created) < bindparam("renew_before", type_=there.c.created.type),
    )
