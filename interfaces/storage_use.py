"""How much the values of a job, or of the whole site, take: content that several share counts once."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from interfaces.database.tables import InterfaceRow, ValueRow
from interfaces.images.formats import DICOM_SUFFIX, image_suffix
from interfaces.kinds import KIND_FACTS, InterfaceKindChoices, InterfaceSuperKindChoices, super_kind
from interfaces.value import ComponentInterfaceValue

Content = tuple[tuple[str, str], int]
"""The address of a piece of content, and its size in bytes."""


def size_in_storage(values: Iterable[ComponentInterfaceValue]) -> int:
    """How many bytes values take together.

    A file is kept once for all values that have it, a value in the database with each record.

    Args:
        values: Stored values, such as those of ``job.inputs`` and ``job.outputs``; one may come several times.
    """
    return _total(content for value in values for content in _of_value(value))


def site_size_in_storage(session: Session) -> int:
    """How many bytes all values of a site take together; see `size_in_storage`."""
    return _total(contents(session))


def contents(session: Session, *, without: Container[int] = ()) -> Iterator[Content]:
    """The content of every value of a site; what several share comes several times.

    Args:
        session: An open session.
        without: Primary keys of values that are left out.
    """
    columns = (ValueRow.pk, ValueRow.sha256, ValueRow.size, ValueRow.name, ValueRow.files)
    query = select(*columns, InterfaceRow.kind, InterfaceRow.store_in_database)
    rows = session.execute(query.join(InterfaceRow, ValueRow.interface_pk == InterfaceRow.pk))
    return (content for row in rows if row.pk not in without for content in _of_row(*row))


def folders(session: Session, *, without: Container[int] = ()) -> set[str]:
    """The SHA-256 of every value that is a folder of files; see `contents`."""
    query = select(ValueRow.pk, ValueRow.sha256).join(InterfaceRow, ValueRow.interface_pk == InterfaceRow.pk)
    rows = session.execute(query.where(InterfaceRow.kind == InterfaceKindChoices.DICOM_IMAGE_SET.value)).tuples()
    return {sha256 for pk, sha256 in rows if pk not in without}


def _total(contents: Iterable[Content]) -> int:
    return sum(dict(contents).values())


def _of_value(value: ComponentInterfaceValue) -> list[Content]:
    if value.interface.super_kind == InterfaceSuperKindChoices.VALUE:
        return [(("database", str(value.pk)), value.size_in_storage)]
    if value.is_folder:
        return [((one.sha256, value.suffix), one.size) for one in value.files]
    return [((value.sha256, value.suffix), value.size_in_storage)]


def _of_row(
    pk: int, sha256: str, size: int, name: str, files: list[dict[str, object]], kind: str, in_database: bool
) -> Iterator[Content]:
    # As `_of_value`, without reading the values themselves.
    its_kind = InterfaceKindChoices(kind)
    if super_kind(its_kind, store_in_database=in_database) == InterfaceSuperKindChoices.VALUE:
        yield ("database", str(pk)), size
    elif its_kind == InterfaceKindChoices.DICOM_IMAGE_SET:
        yield from (((str(one["sha256"]), DICOM_SUFFIX), int(str(one["size"]))) for one in files)
    else:
        yield (sha256, KIND_FACTS[its_kind].extension or image_suffix(Path(name)) or ""), size
