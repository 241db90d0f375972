"""`ComponentInterfaceValue`: what an edge carries. Immutable, and one record per content."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, PrivateAttr
from sqlalchemy import select
from sqlalchemy.orm import Session

from interfaces.database.interface_records import from_row
from interfaces.database.tables import InterfaceRow, ValueRow
from interfaces.definition import ComponentInterface
from interfaces.errors import UnknownName
from interfaces.images.formats import DICOM_SUFFIX, image_suffix
from interfaces.json_parsing import parse_json
from interfaces.json_values import copy_json
from interfaces.kinds import InterfaceKindChoices, InterfaceSuperKindChoices
from interfaces.site import get_site
from interfaces.storage.stored_file import StoredFile, StoredMember

_NOT_READ = object()


class ComponentInterfaceValue(BaseModel):
    """The value of an interface at a certain point in the graph.

    It refers to stored content and never changes; JSON is read when it is first asked for. Its content is exactly one
    of a JSON value in the database (null is one), a file and an image, as the interface's super kind says; `value`
    reads JSON out of files, too.

    Attributes:
        pk: Primary key.
        interface: The interface that it is a value of.
        sha256: 64 hexadecimal digits, of the file, of the JSON in canonical form, or of a folder's manifest.
        size_in_storage: Bytes; of a folder, those of its files.
        name: The image's own file name; of a DICOM image set what its folder was called; "" for values that are no
            image.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pk: int
    interface: ComponentInterface
    sha256: str
    size_in_storage: int
    name: str = ""
    _value: Any = PrivateAttr(default_factory=lambda: _NOT_READ)
    _files: tuple[StoredMember, ...] | None = PrivateAttr(default=None)

    def __eq__(self, other: object) -> bool:
        """The same record, whether or not its JSON was read."""
        if not isinstance(other, ComponentInterfaceValue):
            return NotImplemented
        return (self.pk, self.sha256, self.interface) == (other.pk, other.sha256, other.interface)

    def __hash__(self) -> int:
        """Of the record."""
        return hash((self.pk, self.sha256))

    @property
    def value(self) -> Any:
        """The JSON value, also where it is kept in a file; None for images and other files.

        Each time it is a copy of its own, so that changing it changes nothing else: keep a large one rather than ask
        again.
        """
        if not self.interface.is_json_kind:
            return None
        if self._value is _NOT_READ:
            self._value = self._read()
        return copy_json(self._value)

    def _read(self) -> Any:
        if self.interface.super_kind == InterfaceSuperKindChoices.FILE:
            return parse_json(self._stored_file().read_bytes())
        return self._row().value[0]

    def _row(self) -> ValueRow:
        with get_site().database.session() as session:
            row = session.get(ValueRow, self.pk)
        if row is None:
            raise UnknownName(f"no value {self.pk} is stored at this site")
        return row

    @property
    def is_folder(self) -> bool:
        """Whether it is several files in a folder: a DICOM image set is."""
        return self.interface.kind == InterfaceKindChoices.DICOM_IMAGE_SET

    @property
    def files(self) -> tuple[StoredMember, ...]:
        """The files of a DICOM image set in the order of the series; empty for any other value."""
        if not self.is_folder:
            return ()
        if self._files is None:
            self._files = _members(self._row())
        return self._files

    @property
    def path(self) -> Path | None:
        """The read-only file, of a DICOM image set the read-only folder; None for values in the database."""
        if self.interface.super_kind == InterfaceSuperKindChoices.VALUE:
            return None
        if self.is_folder:
            return get_site().store.folder_path(self.files, suffix=self.suffix)
        return self._stored_file()

    @property
    def file(self) -> Path | None:
        """The read-only file, where the super kind is File; else None."""
        return self._stored_file() if self.interface.super_kind == InterfaceSuperKindChoices.FILE else None

    @property
    def image(self) -> Path | None:
        """The read-only image file, of a DICOM image set the folder; None where the super kind is not Image."""
        return self.path if self.interface.is_image_kind else None

    @property
    def image_file(self) -> Path | None:
        """The one file of an image; None for a DICOM image set, which has several, and for what is no image."""
        return None if self.is_folder else self.image

    @property
    def is_stored(self) -> bool:
        """Whether its content is still there, which costs a look at each file; `clean` reads it."""
        if self.interface.super_kind == InterfaceSuperKindChoices.VALUE:
            return True
        whole = StoredFile(sha256=self.sha256, size=self.size_in_storage)
        files = [StoredFile(sha256=one.sha256, size=one.size) for one in self.files] if self.is_folder else [whole]
        return all(get_site().store.holds(one, suffix=self.suffix) for one in files)

    def clean(self) -> None:
        """Check it anew: what is stored is there, is what was stored, and is valid for its interface.

        Raises:
            ValidationError: It is not; the text says what is wrong.
        """
        from interfaces.value_checks import check_value  # it needs this record

        check_value(self)

    def _stored_file(self) -> Path:
        return get_site().store.path(self.sha256, suffix=self.suffix)

    @property
    def suffix(self) -> str:
        """The extension of the stored file or files."""
        if self.is_folder:
            return DICOM_SUFFIX
        return image_suffix(Path(self.name)) or "" if self.interface.is_image_kind else self.interface.file_extension

    @property
    def relative_path(self) -> PurePosixPath:
        """Where the file or folder lies below an input or output folder; an image has a folder and its own name."""
        path = PurePosixPath(self.interface.relative_path)
        return path / self.name if self.interface.is_image_kind and not self.is_folder else path

    @property
    def decompress(self) -> bool:
        """Whether it is unpacked into the input folder: ZIP files are."""
        return self.interface.kind == InterfaceKindChoices.ZIP

    @property
    def title(self) -> str:
        """A short text for display."""
        return f"{self.interface.title}: {self.name}" if self.name else self.interface.title


class InterfacesAndValues(NamedTuple):
    """A set of interfaces, and the values of some of them by slug.

    Attributes:
        interfaces: The interfaces.
        values: A value of each interface that has one, by the interface's slug.
    """

    interfaces: set[ComponentInterface]
    values: dict[str, ComponentInterfaceValue]


def value_from_row(row: ValueRow, interface: ComponentInterface) -> ComponentInterfaceValue:
    """The record of a row."""
    record = ComponentInterfaceValue(
        pk=row.pk, interface=interface, sha256=row.sha256, size_in_storage=row.size, name=row.name
    )
    if row.value:
        record._value = row.value[0]
    record._files = _members(row)
    return record


def _members(row: ValueRow) -> tuple[StoredMember, ...]:
    return tuple(StoredMember(**member) for member in row.files)


def find_values(session: Session, pks: list[int]) -> dict[int, ComponentInterfaceValue]:
    """The stored values by primary key.

    Raises:
        UnknownName: One is not stored at this site.
    """
    rows = session.execute(
        select(ValueRow, InterfaceRow)
        .join(InterfaceRow, ValueRow.interface_pk == InterfaceRow.pk)
        .where(ValueRow.pk.in_(pks))
    )
    found = {value.pk: value_from_row(value, from_row(interface)) for value, interface in rows}
    if missing := set(pks) - set(found):
        raise UnknownName(f"no value {min(missing)} is stored at this site")
    return found
