"""`ComponentInterfaceValue`: what an edge carries. Immutable, and one record per content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, PrivateAttr
from sqlalchemy import select
from sqlalchemy.orm import Session

from interfaces.database.inserting import insert_if_new
from interfaces.database.interface_records import find_interfaces, from_row
from interfaces.database.tables import InterfaceRow, ValueRow
from interfaces.definition import ComponentInterface
from interfaces.errors import UnknownName, ValidationError
from interfaces.files.checks import check_file
from interfaces.images.checks import check_image
from interfaces.images.formats import image_suffix
from interfaces.images.importing import import_image
from interfaces.json_parsing import canonical_json, parse_json
from interfaces.kinds import InterfaceKindChoices, InterfaceSuperKindChoices
from interfaces.site import Site, get_site
from interfaces.storage.file_store import StoredFile, sha256_of

_NOT_READ = object()


class ComponentInterfaceValue(BaseModel):
    """The value of an interface at a certain point in the graph.

    It refers to stored content and never changes; JSON is read when it is first asked for.

    Attributes:
        pk: Primary key.
        interface: The interface that it is a value of.
        sha256: 64 hexadecimal digits, of the file or of the JSON in canonical form.
        size_in_storage: Bytes.
        name: The image's own file name; "" for values that are no image.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pk: int
    interface: ComponentInterface
    sha256: str
    size_in_storage: int
    name: str = ""
    _value: Any = PrivateAttr(default_factory=lambda: _NOT_READ)

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
        """The JSON value, also where it is kept in a file; None for images and other files."""
        if not self.interface.is_json_kind:
            return None
        if self._value is _NOT_READ:
            self._value = self._read()
        return self._value

    def _read(self) -> Any:
        if self.interface.super_kind == InterfaceSuperKindChoices.FILE:
            return parse_json(self._stored_file().read_bytes())
        with get_site().database.session() as session:
            column = session.scalar(select(ValueRow.value).where(ValueRow.pk == self.pk))
        if not column:
            raise UnknownName(f"no value {self.pk} is stored at this site")
        return column[0]

    @property
    def path(self) -> Path | None:
        """The read-only file, for images and files; None for values in the database."""
        if self.interface.super_kind == InterfaceSuperKindChoices.VALUE:
            return None
        return self._stored_file()

    def _stored_file(self) -> Path:
        return get_site().store.path(self.sha256, suffix=self.suffix)

    @property
    def suffix(self) -> str:
        """The extension of the stored file."""
        return _image_suffix(self.name) if self.interface.is_image_kind else self.interface.file_extension

    @property
    def relative_path(self) -> PurePosixPath:
        """Where the file lies below an input or output folder; an image has a folder and its own name."""
        path = PurePosixPath(self.interface.relative_path)
        return path / self.name if self.interface.is_image_kind else path

    @property
    def decompress(self) -> bool:
        """Whether it is unpacked into the input folder: ZIP files are."""
        return self.interface.kind == InterfaceKindChoices.ZIP

    @property
    def title(self) -> str:
        """A short text for display."""
        return f"{self.interface.title}: {self.name}" if self.name else self.interface.title


@dataclass(frozen=True, kw_only=True)
class InterfacesAndValues:
    """A set of interfaces, and the values of some of them by slug."""

    interfaces: frozenset[ComponentInterface] = field(default_factory=frozenset)
    values: Mapping[str, ComponentInterfaceValue] = field(default_factory=dict)


def create_value(
    interface: ComponentInterface,
    *,
    value: Any = ...,
    file: Path | str | None = None,
    image: Path | str | None = None,
    nan_to_null: bool = False,
) -> ComponentInterfaceValue:
    """Check and store a value; see `ComponentInterface.create_instance`.

    Args:
        interface: The interface, registered.
        value: A JSON value.
        file: A file with the value.
        image: An image file, or a folder of DICOM files.
        nan_to_null: Whether NaN and infinities in a JSON file become null, as in a component's output.

    Raises:
        ValidationError: The value does not fit the interface.
    """
    site = get_site()
    interface = _registered(site, interface)
    given = [
        name
        for name, one in (("value", value), ("file", file), ("image", image))
        if one is not (... if name == "value" else None)
    ]
    wanted = ("image",) if interface.is_image_kind else ("file",) if interface.is_file_kind else ("value", "file")
    if len(given) != 1 or given[0] not in wanted:
        raise ValidationError(
            f"a {interface.kind.label} value is made of exactly one of {' or '.join(wanted)}, "
            f"not of {' and '.join(given) or 'nothing'}"
        )
    if interface.is_image_kind:
        return _create_image(site, interface, Path(str(image)))
    if interface.is_file_kind:
        return _create_file(site, interface, existing_file(Path(str(file))))
    if file is not None:
        value = read_json(site, existing_file(Path(str(file))), nan_to_null=nan_to_null)
    return _create_json(site, interface, value)


def _registered(site: Site, interface: ComponentInterface) -> ComponentInterface:
    if interface.pk is not None:
        return interface
    with site.database.session() as session:
        return replace(interface, pk=find_interfaces(session, [interface.slug])[interface.slug].pk)


def existing_file(path: Path) -> Path:
    """The path, expanded.

    Raises:
        ValidationError: It names no regular file.
    """
    path = path.expanduser()
    if path.is_file():
        return path
    what = "is a folder, but a file is needed" if path.is_dir() else "does not exist"
    raise ValidationError(f"the file {path} {what}; give the path of a file")


def read_json(site: Site, path: Path, *, nan_to_null: bool) -> Any:
    """The JSON in a file, bounded in size.

    Raises:
        ValidationError: It is too large or no JSON.
    """
    limit = site.settings.limits.json_bytes
    if (size := path.stat().st_size) > limit:
        raise ValidationError(f"it has {size} bytes; at most {limit} are read (setting limits.json_bytes)")
    return parse_json(path.read_bytes(), nan_to_null=nan_to_null)


def _create_json(site: Site, interface: ComponentInterface, value: Any) -> ComponentInterfaceValue:
    interface.validate_against_schema(value=value)
    data = canonical_json(value)
    if interface.super_kind == InterfaceSuperKindChoices.FILE:
        return _record(site, interface, site.store.put_bytes(data, suffix=interface.file_extension))
    # Read back from the canonical form, so that what was handed in can't change the record afterwards.
    return _record(
        site, interface, StoredFile(sha256=sha256(data).hexdigest(), size=len(data)), value=[parse_json(data)]
    )


def _image_suffix(name: str) -> str:
    return image_suffix(Path(name)) or ""


def _create_file(site: Site, interface: ComponentInterface, path: Path) -> ComponentInterfaceValue:
    check_file(path, kind=interface.kind)
    return _record(site, interface, site.store.put(path, suffix=interface.file_extension))


def _create_image(site: Site, interface: ComponentInterface, source: Path) -> ComponentInterfaceValue:
    if interface.kind == InterfaceKindChoices.DICOM_IMAGE_SET:
        raise ValidationError(
            "DICOM image sets can't be stored yet; an interface of the kind Image takes a folder of DICOM files"
        )
    source = source.expanduser()
    if not source.exists():
        raise ValidationError(f"the image {source} does not exist; give the path of a file or folder")
    with site.scratch() as folder:
        image = import_image(source, folder)
        values = [segment.voxel_value for segment in interface.overlay_segments]
        check_image(image, kind=interface.kind, voxel_values=values)
        stored = site.store.put(image, suffix=_image_suffix(image.name), move=True, known=sha256_of(image))
    return _record(site, interface, stored, name=image.name)


def _record(
    site: Site,
    interface: ComponentInterface,
    stored: StoredFile,
    *,
    name: str = "",
    value: list[Any] | None = None,
) -> ComponentInterfaceValue:
    columns = {
        "interface_pk": interface.pk,
        "sha256": stored.sha256,
        "size": stored.size,
        "name": name,
        "value": value or [],
        "created": datetime.now(UTC),
    }
    with site.database.session() as session:
        insert_if_new(session, ValueRow, columns, unique=["interface_pk", "sha256"])
        row = session.scalars(
            select(ValueRow).where(ValueRow.interface_pk == interface.pk, ValueRow.sha256 == stored.sha256)
        ).one()
        return value_from_row(row, interface)


def value_from_row(row: ValueRow, interface: ComponentInterface) -> ComponentInterfaceValue:
    """The record of a row."""
    record = ComponentInterfaceValue(
        pk=row.pk, interface=interface, sha256=row.sha256, size_in_storage=row.size, name=row.name
    )
    if row.value:
        record._value = row.value[0]
    return record


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
