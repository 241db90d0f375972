"""Imports of container images and tarballs in the database."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from interfaces.database.inserting import insert_if_new
from interfaces.database.tables import ImportRow
from interfaces.import_status import ImportStatusChoices, check_import_move
from interfaces.imports import STATUS_LENGTH, Import, ImportKind
from interfaces.owners import Owner


def _from_row(row: ImportRow) -> Import:
    return Import(
        pk=row.pk,
        owner=row.owner,
        kind=ImportKind(row.kind),
        source=row.source,
        sha256=row.sha256,
        import_status=ImportStatusChoices(row.import_status),
        status=row.status,
        attempts=row.attempts,
        runner=row.runner,
        created=row.created,
        modified=row.modified,
    )


def begin_import(session: Session, *, owner: str, kind: ImportKind, source: str, key: str) -> Import:
    """The record of an import; a new one is INITIALIZED, one of the same source from before is left as it is.

    Args:
        session: An open session.
        owner: Slug of the component or phase.
        kind: What is imported.
        source: Where it comes from, for people.
        key: From `import_key`.
    """
    now = datetime.now(UTC)
    columns = {
        "owner": owner,
        "kind": kind.value,
        "key": key,
        "source": source,
        "sha256": "",
        "import_status": ImportStatusChoices.INITIALIZED.value,
        "status": "",
        "attempts": 0,
        "runner": str(Owner.current()),
        "created": now,
        "modified": now,
    }
    insert_if_new(session, ImportRow, columns, unique=["owner", "kind", "key"])
    row = session.scalars(
        select(ImportRow).where(ImportRow.owner == owner, ImportRow.kind == kind.value, ImportRow.key == key)
    ).one()
    return _from_row(row)


def import_of(session: Session, pk: int) -> Import:
    """The record as it is now."""
    return _from_row(session.get_one(ImportRow, pk, populate_existing=True))


def move_import(
    session: Session, pk: int, to: ImportStatusChoices, *, status: str = "", sha256: str | None = None
) -> Import:
    """Move an import to another state.

    Args:
        session: An open session.
        pk: Its primary key.
        to: The state.
        status: The reason, for people.
        sha256: What it turned out to be; None leaves what is known.

    Raises:
        InvalidMove: The table of moves lacks that one.
    """
    row = session.get_one(ImportRow, pk, populate_existing=True)
    check_import_move(ImportStatusChoices(row.import_status), to)
    row.import_status, row.status = to.value, status[:STATUS_LENGTH]
    row.runner, row.modified = str(Owner.current()), datetime.now(UTC)
    if to is ImportStatusChoices.STARTED:
        row.attempts += 1
    if sha256 is not None:
        row.sha256 = sha256
    session.flush()
    return _from_row(row)


def list_imports(session: Session, *, owner: str | None = None, kinds: tuple[ImportKind, ...]) -> list[Import]:
    """The imports of an owner, or of all, the newest first."""
    query = select(ImportRow).where(ImportRow.kind.in_([kind.value for kind in kinds]))
    if owner is not None:
        query = query.where(ImportRow.owner == owner)
    return [_from_row(row) for row in session.scalars(query.order_by(ImportRow.modified.desc(), ImportRow.pk.desc()))]
