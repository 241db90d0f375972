"""Look-up tables in the database: one record a title, which interfaces share."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from interfaces.database.inserting import insert_if_new
from interfaces.database.tables import InterfaceRow, LookUpTableRow
from interfaces.overlays import LookUpTable


def table_from_row(row: LookUpTableRow) -> LookUpTable:
    """The record of a row."""
    return replace(LookUpTable(**row.definition), pk=row.pk)


def save_look_up_table(session: Session, table: LookUpTable) -> tuple[LookUpTable, bool]:
    """Register a look-up table, or change the one of that title for every interface that has it.

    Returns:
        The stored record, and whether anything was written.

    Raises:
        ValidationError: It breaks a rule.
    """
    table.clean()
    definition = table.as_json()
    row = _row(session, table.title)
    if row is not None and row.definition == definition:
        return table_from_row(row), False
    insert_if_new(session, LookUpTableRow, {"title": table.title, "definition": definition}, unique=["title"])
    row = session.scalars(select(LookUpTableRow).where(LookUpTableRow.title == table.title)).one()
    row.definition = definition
    session.flush()
    return table_from_row(row), True


def find_other_user(session: Session, table: LookUpTable, *, but: str) -> str | None:
    """The slug of an interface, other than the named one, that has a table of this title which is another one."""
    row = _row(session, table.title)
    if row is None or row.definition == table.as_json():
        return None
    query = select(InterfaceRow.slug).where(InterfaceRow.look_up_table_pk == row.pk, InterfaceRow.slug != but)
    return session.scalar(query.order_by(InterfaceRow.slug).limit(1))


def _row(session: Session, title: str) -> LookUpTableRow | None:
    return session.scalars(select(LookUpTableRow).where(LookUpTableRow.title == title)).one_or_none()


def find_look_up_tables(session: Session) -> dict[str, LookUpTable]:
    """The registered look-up tables by title."""
    return {row.title: table_from_row(row) for row in session.scalars(select(LookUpTableRow))}
