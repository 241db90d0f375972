"""What is registered under a slug with a definition that nothing queries into: components, graphs, phases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from interfaces.database.evaluation_tables import PhaseRow
from interfaces.database.interface_records import unknown
from interfaces.database.tables import ComponentRow, GraphRow

_Row = TypeVar("_Row", ComponentRow, GraphRow, PhaseRow)


def save_definition(session: Session, table: type[_Row], *, slug: str, title: str, definition: dict[str, Any]) -> bool:
    """Register a definition, or apply what changed; gives whether anything was written."""
    row = session.get(table, slug)
    definition = _as_json(definition)
    if row is not None and (row.title, row.definition) == (title, definition):
        return False
    if row is None:
        session.add(table(slug=slug, title=title, definition=definition))
    else:
        row.title, row.definition = title, definition
    session.flush()
    return True


def find_definitions(session: Session, table: type[_Row], slugs: Iterable[str] | None, *, what: str) -> Sequence[_Row]:
    """The rows of those slugs, or all.

    Args:
        session: An open session.
        table: Their class.
        slugs: Which; None: all.
        what: What one is, for people.

    Raises:
        UnknownName: One is not registered.
    """
    query = select(table)
    wanted = None if slugs is None else set(slugs)
    if wanted is not None:
        query = query.where(table.slug.in_(wanted))
    rows = session.scalars(query).all()
    if wanted is not None and (missing := sorted(wanted - {row.slug for row in rows})):
        raise unknown(what, missing[0], session.scalars(select(table.slug)).all())
    return rows


def _as_json(value: Any) -> Any:
    # As it is read back, so that tuples and lists compare equal.
    if isinstance(value, dict):
        return {key: _as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(one) for one in value]
    return value
