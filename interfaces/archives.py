"""`Archive`: a named set of cases, each a set of stored interface values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from slugify import slugify
from sqlalchemy.orm import Session

from interfaces.cases import MAX_ID_CHARACTERS, Case, CaseInputs, CaseSource, checked_source
from interfaces.database.archive_records import (
    add_case,
    archive_titled,
    count_cases,
    find_archive_row,
    list_archive_rows,
    read_page,
    remove_case,
    save_archive,
    values_of_case,
)
from interfaces.database.archive_tables import ArchiveRow
from interfaces.database.in_parts import in_parts
from interfaces.errors import CasesInvalid, DefinitionError, UnknownName
from interfaces.site import get_site
from interfaces.value import ComponentInterfaceValue, find_values

PAGE = 200
"""Cases that are read at once: an archive can have more than the memory holds."""


class ArchiveCase(BaseModel):
    """One case of an archive.

    Attributes:
        id: Unique in the archive.
        values: Its values by the slugs of their interfaces.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    values: Mapping[str, ComponentInterfaceValue]


class Archive(BaseModel):
    """A named set of cases. Cases are added and removed, and never change.

    Attributes:
        pk: Primary key.
        slug: Its name.
        title: Human readable, unique name.
        created: When it was made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pk: int
    slug: str
    title: str
    created: datetime

    def __len__(self) -> int:
        """How many cases it has."""
        with get_site().database.session() as session:
            return count_cases(session, self.pk)

    def __bool__(self) -> bool:
        """An archive without cases is an archive, too."""
        return True

    def add(
        self, case_id: str, values: Mapping[str, ComponentInterfaceValue] | Iterable[ComponentInterfaceValue]
    ) -> bool:
        """Add a case; to add the same one again changes nothing.

        Args:
            case_id: Unique in the archive.
            values: Stored values, one of each interface at most.

        Returns:
            Whether it is new.

        Raises:
            DefinitionError: The id can't be one, there is no value, two are of one interface, or the archive has a case
                of that id with other values.
        """
        stored = list(values.values() if isinstance(values, Mapping) else values)
        chosen = {value.interface.pk: value.pk for value in stored if value.interface.pk is not None}
        if not case_id.strip() or not case_id.isprintable() or len(case_id) > MAX_ID_CHARACTERS:
            raise DefinitionError(f"{case_id!r:.60} is no id for a case; give 1 to {MAX_ID_CHARACTERS} characters")
        if not stored:
            raise DefinitionError(f"the case '{case_id}' has no value; give it one at least")
        if len(chosen) < len(stored):
            raise DefinitionError(f"the case '{case_id}' has two values of one interface; give it one of each")
        with get_site().database.session() as session:
            if add_case(session, archive_pk=self.pk, case_id=case_id, values=chosen):
                return True
            if values_of_case(session, archive_pk=self.pk, case_id=case_id) == chosen:
                return False
        raise DefinitionError(
            f"the archive '{self.slug}' has a case '{case_id}' with other values; remove that one first, "
            "or choose another id"
        )

    def remove(self, case_id: str) -> None:
        """Take a case out; its values stay at the site.

        Raises:
            UnknownName: There is no such case.
        """
        with get_site().database.session() as session:
            if not remove_case(session, archive_pk=self.pk, case_id=case_id):
                raise UnknownName(f"the archive '{self.slug}' has no case '{case_id}'")

    def cases(self) -> Iterator[ArchiveCase]:
        """Its cases in the order in which they were added, read page by page."""
        after = 0
        while True:
            with get_site().database.session() as session:
                page = read_page(session, archive_pk=self.pk, after=after, limit=PAGE)
                values = _values(session, [pk for pks in page.values.values() for pk in pks])
            for pk, case_id in page.ids.items():
                own = (values[one] for one in page.values[pk])
                yield ArchiveCase(id=case_id, values={value.interface.slug: value for value in own})
            if len(page.ids) < PAGE:
                return
            after = max(page.ids)


def _values(session: Session, pks: list[int]) -> dict[int, ComponentInterfaceValue]:
    found: dict[int, ComponentInterfaceValue] = {}
    for part in in_parts(pks):
        found |= find_values(session, part)
    return found


def create_archive(title: str, slug: str | None = None) -> Archive:
    """Make an archive; to make the same one again changes nothing.

    Args:
        title: Human readable, unique name.
        slug: Made from the title unless given.

    Raises:
        DefinitionError: The title gives no slug, or there is an archive with one of the two names but not both.
    """
    slug = slugify(title) if slug is None else slug
    if not slug or slug != slugify(slug) or len(slug) > MAX_ID_CHARACTERS or len(title) > MAX_ID_CHARACTERS:
        raise DefinitionError(f"'{slug or title}' can't name an archive; use letters, digits and '-'")
    with get_site().database.session() as session:
        other = archive_titled(session, title)
        if other is not None and other.slug != slug:
            raise DefinitionError(f"the archive '{other.slug}' has the title '{title}'; choose another")
        archive = _from_row(save_archive(session, slug=slug, title=title))
    if archive.title != title:
        raise DefinitionError(f"there is an archive '{slug}' with the title '{archive.title}'; choose another name")
    return archive


def find_archive(slug: str) -> Archive:
    """The archive with that slug.

    Raises:
        UnknownName: There is none; the text names the nearest one.
    """
    with get_site().database.session() as session:
        return _from_row(find_archive_row(session, slug))


def list_archives() -> list[tuple[Archive, int]]:
    """All archives by slug, each with the number of its cases."""
    with get_site().database.session() as session:
        return [(_from_row(row), count) for row, count in list_archive_rows(session)]


def _from_row(row: ArchiveRow) -> Archive:
    return Archive(pk=row.pk, slug=row.slug, title=row.title, created=row.created)


def cases_of_archive(archive: Archive, inputs: CaseInputs) -> CaseSource:
    """The cases of an archive, as far as their values are those of inputs; others are left alone.

    Raises:
        CasesInvalid: It has no case, or two inputs have the same interface, so that a value could be either's.
    """
    names = {interface.slug: name for name, interface in inputs.interfaces.items()}
    title = f"the archive '{archive.slug}'"
    if len(names) < len(inputs.interfaces):
        raise CasesInvalid(title, [f"several inputs of {inputs.of} have the same interface; give them as a table"])

    def read() -> Iterator[Case]:
        for case in archive.cases():
            yield Case(id=case.id, inputs={names[slug]: value for slug, value in case.values.items() if slug in names})

    return checked_source(title, list(inputs.interfaces), inputs, read)
