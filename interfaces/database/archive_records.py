"""Archives and their cases in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from interfaces.database.archive_tables import ArchiveCaseRow, ArchiveRow, ArchiveValueRow
from interfaces.database.in_parts import in_parts
from interfaces.database.inserting import insert_all_if_new, insert_if_new
from interfaces.database.interface_records import unknown


class CasePage(NamedTuple):
    """Some cases of an archive.

    Attributes:
        ids: Their ids by primary key, in the order in which they were added.
        values: By the same keys, the primary keys of their values.
    """

    ids: dict[int, str]
    values: dict[int, list[int]]


def save_archive(session: Session, *, slug: str, title: str) -> ArchiveRow:
    """The archive with that slug, made if there is none."""
    columns = {"slug": slug, "title": title, "created": datetime.now(UTC)}
    insert_if_new(session, ArchiveRow, columns, unique=["slug"])
    return session.scalars(select(ArchiveRow).where(ArchiveRow.slug == slug)).one()


def archive_titled(session: Session, title: str) -> ArchiveRow | None:
    """The archive with that title."""
    return session.scalars(select(ArchiveRow).where(ArchiveRow.title == title)).one_or_none()


def find_archive_row(session: Session, slug: str) -> ArchiveRow:
    """The archive with that slug.

    Raises:
        UnknownName: There is none; the text names the nearest one.
    """
    row = session.scalars(select(ArchiveRow).where(ArchiveRow.slug == slug)).one_or_none()
    if row is None:
        raise unknown("archive", slug, session.scalars(select(ArchiveRow.slug)).all())
    return row


def list_archive_rows(session: Session) -> list[tuple[ArchiveRow, int]]:
    """All archives by slug, each with the number of its cases."""
    count = func.count(ArchiveCaseRow.pk)
    query = select(ArchiveRow, count).outerjoin(ArchiveCaseRow, ArchiveCaseRow.archive_pk == ArchiveRow.pk)
    return [(row, number) for row, number in session.execute(query.group_by(ArchiveRow.pk).order_by(ArchiveRow.slug))]


def count_cases(session: Session, archive_pk: int) -> int:
    """How many cases an archive has."""
    return session.scalar(select(func.count(ArchiveCaseRow.pk)).where(ArchiveCaseRow.archive_pk == archive_pk)) or 0


def add_case(session: Session, *, archive_pk: int, case_id: str, values: Mapping[int, int]) -> bool:
    """Add a case unless there is one with that id.

    Args:
        session: An open session.
        archive_pk: The archive.
        case_id: Unique in it.
        values: The primary key of a value by that of its interface.

    Returns:
        Whether it is new.
    """
    columns = {"archive_pk": archive_pk, "case_id": case_id, "created": datetime.now(UTC)}
    if not insert_if_new(session, ArchiveCaseRow, columns, unique=["archive_pk", "case_id"]):
        return False
    case_pk = _case_pk(session, archive_pk, case_id)
    rows = [{"case_pk": case_pk, "interface_pk": one, "value_pk": values[one]} for one in values]
    insert_all_if_new(session, ArchiveValueRow, rows, unique=["case_pk", "interface_pk"])
    return True


def values_of_case(session: Session, *, archive_pk: int, case_id: str) -> dict[int, int]:
    """The primary key of each value of a case by that of its interface; empty where there is no such case."""
    found = select(ArchiveValueRow).where(ArchiveValueRow.case_pk == _case_pk(session, archive_pk, case_id))
    return {row.interface_pk: row.value_pk for row in session.scalars(found)}


def remove_case(session: Session, *, archive_pk: int, case_id: str) -> bool:
    """Take a case out of an archive; its values stay. Gives whether there was one."""
    case_pk = _case_pk(session, archive_pk, case_id)
    if case_pk is None:
        return False
    session.execute(delete(ArchiveValueRow).where(ArchiveValueRow.case_pk == case_pk))
    session.execute(delete(ArchiveCaseRow).where(ArchiveCaseRow.pk == case_pk))
    return True


def _case_pk(session: Session, archive_pk: int, case_id: str) -> int | None:
    return session.scalar(
        select(ArchiveCaseRow.pk).where(ArchiveCaseRow.archive_pk == archive_pk, ArchiveCaseRow.case_id == case_id)
    )


def read_page(session: Session, *, archive_pk: int, after: int, limit: int) -> CasePage:
    """The next cases of an archive.

    Args:
        session: An open session.
        archive_pk: The archive.
        after: The primary key of the case before them; 0 for the first ones.
        limit: How many at most.
    """
    found = (
        select(ArchiveCaseRow.pk, ArchiveCaseRow.case_id)
        .where(ArchiveCaseRow.archive_pk == archive_pk, ArchiveCaseRow.pk > after)
        .order_by(ArchiveCaseRow.pk)
        .limit(limit)
    )
    ids = {row.pk: row.case_id for row in session.execute(found)}
    values: dict[int, list[int]] = {pk: [] for pk in ids}
    for part in in_parts(ids):
        for row in session.scalars(select(ArchiveValueRow).where(ArchiveValueRow.case_pk.in_(part))):
            values[row.case_pk].append(row.value_pk)
    return CasePage(ids, values)
