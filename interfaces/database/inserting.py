"""Insert a row unless it is there: the database decides, so that two processes at once get one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from interfaces.database.tables import Base


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
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**values).on_conflict_do_nothing(index_elements=list(unique))
    return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]
