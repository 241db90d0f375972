"""From what is handed in to a stored `ComponentInterfaceValue`: checked once, and one record per content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select

from interfaces.database.inserting import insert_all_or_renew
from interfaces.database.interface_records import find_interfaces, from_row
from interfaces.database.tables import InterfaceRow, ValueRow
from interfaces.definition import ComponentInterface
from interfaces.edits import find_outdated
from interfaces.errors import ValidationError
from interfaces.files.checks import check_file
from interfaces.images.checks import check_image
from interfaces.images.dicom_image_set import check_dicom_image_set, import_dicom_image_set
from interfaces.images.formats import DICOM_SUFFIX, image_suffix
from interfaces.images.importing import import_image
from interfaces.json_parsing import canonical_json, parse_json
from interfaces.kinds import InterfaceKindChoices, InterfaceSuperKindChoices
from interfaces.site import Site, get_site
from interfaces.storage.stored_file import StoredFile, StoredMember, folder_of, sha256_of
from interfaces.storage.unused_files import RENEWED_S
from interfaces.value import ComponentInterfaceValue, value_from_row

_ROWS_AT_ONCE = 1_000

# Made once: to make a statement takes longer than to run it.
_KNOWN_VALUES = select(ValueRow).where(
    ValueRow.interface_pk == bindparam("interface_pk"), ValueRow.sha256.in_(bindparam("hashes", expanding=True))
)
_KNOWN_INTERFACE = select(InterfaceRow).where(InterfaceRow.pk == bindparam("interface_pk"))

MAX_BYTES_IN_DATABASE = 64 * 2**20
"""Largest JSON value in the database. SQLite takes a text of 10**9 bytes, in which a character can have three times as
many as in UTF-8; PostgreSQL's jsonb takes 255 MB (https://www.postgresql.org/docs/current/datatype-json.html)."""


def create_value(
    interface: ComponentInterface,
    *,
    value: Any = ...,
    file: Path | str | None = None,
    image: Path | str | None = None,
    nan_to_null: bool = False,
    move: bool = False,
) -> ComponentInterfaceValue:
    """Check and store a value; see `ComponentInterface.create_instance`.

    Args:
        interface: The interface, registered.
        value: A JSON value.
        file: A file with the value.
        image: An image file, or a folder of DICOM files.
        nan_to_null: Whether NaN and infinities in a JSON file become null, as in a component's output.
        move: Whether the file of a file kind may be moved into the store rather than copied.

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
        return _create_file(site, interface, existing_file(Path(str(file))), move=move)
    if file is not None:
        value = read_json(site, existing_file(Path(str(file))), nan_to_null=nan_to_null)
    return _create_json(site, interface, value)


def create_values(interface: ComponentInterface, values: Iterable[Any]) -> list[ComponentInterfaceValue]:
    """Check and store many JSON values at once: in one transaction, many times faster than one by one.

    Args:
        interface: The interface, of a JSON kind, registered.
        values: JSON values.

    Returns:
        A record for each, in their order; equal values have the same one.

    Raises:
        ValidationError: One does not fit, and its place among them is named; then none is stored.
    """
    site = get_site()
    interface = _registered(site, interface)
    checked: list[bytes] = []
    for number, value in enumerate(values):
        try:
            checked.append(_checked_json(site, interface, value))
        except ValidationError as error:
            raise ValidationError(f"values[{number}]: {error}") from error
    rows = [_json_columns(site, interface, data) for data in checked]
    records = _records(site, interface, rows)
    return [records[row["sha256"]] for row in rows]


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
    return _record(site, interface, _json_columns(site, interface, _checked_json(site, interface, value)))


def _json_columns(site: Site, interface: ComponentInterface, data: bytes) -> dict[str, Any]:
    """The row of a JSON value, which is kept in it or in a file."""
    if interface.super_kind == InterfaceSuperKindChoices.FILE:
        return _columns(interface, site.store.put_bytes(data, suffix=interface.file_extension))
    # Read back from the canonical form, so that what was handed in can't change the record afterwards.
    stored = StoredFile(sha256=sha256(data).hexdigest(), size=len(data))
    return _columns(interface, stored, value=[parse_json(data)])


def _checked_json(site: Site, interface: ComponentInterface, value: Any) -> bytes:
    """The canonical form of a value that fits its interface and can be kept and read back."""
    interface.validate_against_schema(value=value)
    data = canonical_json(value)
    limit = site.settings.limits.json_bytes
    if len(data) > limit:
        raise ValidationError(f"it has {len(data)} bytes as JSON; at most {limit} are read (setting limits.json_bytes)")
    if interface.super_kind == InterfaceSuperKindChoices.VALUE and len(data) > MAX_BYTES_IN_DATABASE:
        raise ValidationError(
            f"it has {len(data)} bytes as JSON; at most {MAX_BYTES_IN_DATABASE} are kept in the database, "
            "an interface with 'store_in_database: false' keeps larger ones in files"
        )
    return data


def _create_file(site: Site, interface: ComponentInterface, path: Path, *, move: bool) -> ComponentInterfaceValue:
    check_file(path, kind=interface.kind)
    stored = site.store.put(path, suffix=interface.file_extension, move=move)
    return _record(site, interface, _columns(interface, stored))


def _create_image(site: Site, interface: ComponentInterface, source: Path) -> ComponentInterfaceValue:
    source = source.expanduser()
    if not source.exists():
        raise ValidationError(f"the image {source} does not exist; give the path of a file or folder")
    if source.name in {"", ".."}:  # "." and the like say nothing of the folder's name
        source = source.resolve()
    if interface.kind == InterfaceKindChoices.DICOM_IMAGE_SET:
        return _create_dicom_image_set(site, interface, source)
    with site.scratch() as folder:
        image = import_image(source, folder)
        values = [segment.voxel_value for segment in interface.overlay_segments]
        check_image(image.path, kind=interface.kind, voxel_values=values, voxels=image.voxels)
        name, known = image.path.name, sha256_of(image.path)
        stored = site.store.put(image.path, suffix=image_suffix(image.path) or "", move=True, known=known)
    return _record(site, interface, _columns(interface, stored, name=name))


def _create_dicom_image_set(site: Site, interface: ComponentInterface, source: Path) -> ComponentInterfaceValue:
    # Names that are no text can't be recorded.
    name = (source.name if source.is_dir() else source.stem).encode(errors="replace").decode()
    with site.scratch() as folder:
        series = check_dicom_image_set(import_dicom_image_set(source, folder))
        members = site.store.put_members((one.path for one in series.slices), suffix=DICOM_SUFFIX)
    return _record(site, interface, _columns(interface, folder_of(members), name=name, files=members))


def _columns(
    interface: ComponentInterface,
    stored: StoredFile,
    *,
    name: str = "",
    value: Sequence[Any] = (),
    files: Sequence[StoredMember] = (),
) -> dict[str, Any]:
    return {
        "interface_pk": interface.pk,
        "sha256": stored.sha256,
        "size": stored.size,
        "name": name,
        "value": list(value),
        "files": [asdict(member) for member in files],
        "created": datetime.now(UTC),
    }


def _record(site: Site, interface: ComponentInterface, row: dict[str, Any]) -> ComponentInterfaceValue:
    return _records(site, interface, [row])[row["sha256"]]


def _records(
    site: Site, interface: ComponentInterface, rows: Sequence[dict[str, Any]]
) -> dict[str, ComponentInterfaceValue]:
    """The records of rows, written where they are new, by their SHA-256."""
    found: dict[str, ComponentInterfaceValue] = {}
    # So that `clean` leaves the record to whoever is about to use it, also where it is an old one.
    renewed_before = datetime.now(UTC) - timedelta(seconds=RENEWED_S)
    with site.database.session() as session:
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[start : start + _ROWS_AT_ONCE]
            insert_all_or_renew(session, ValueRow, some, unique=["interface_pk", "sha256"], before=renewed_before)
            hashes = [row["sha256"] for row in some]
            for row in session.scalars(_KNOWN_VALUES, {"interface_pk": interface.pk, "hashes": hashes}):
                found[row.sha256] = value_from_row(row, interface)
        # Nobody can change the interface from here on, since a value of it was written; someone may have before.
        known = session.scalars(_KNOWN_INTERFACE, {"interface_pk": interface.pk}).one()
        if changed := find_outdated(interface, from_row(known)):
            raise ValidationError(
                f"{changed} of the interface '{interface.slug}' was changed since it was read; read it again"
            )
    return found
