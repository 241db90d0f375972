"""From what is handed in to a stored `ComponentInterfaceValue`: checked once, and one record per content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select

from interfaces.database.inserting import insert_if_new
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
from interfaces.storage.file_store import StoredFile, StoredMember, folder_of, sha256_of
from interfaces.value import ComponentInterfaceValue, value_from_row


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


def _create_file(site: Site, interface: ComponentInterface, path: Path, *, move: bool) -> ComponentInterfaceValue:
    check_file(path, kind=interface.kind)
    return _record(site, interface, site.store.put(path, suffix=interface.file_extension, move=move))


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
    return _record(site, interface, stored, name=name)


def _create_dicom_image_set(site: Site, interface: ComponentInterface, source: Path) -> ComponentInterfaceValue:
    # Names that are no text can't be recorded.
    name = (source.name if source.is_dir() else source.stem).encode(errors="replace").decode()
    with site.scratch() as folder:
        series = check_dicom_image_set(import_dicom_image_set(source, folder))
        members = site.store.put_members((one.path for one in series.slices), suffix=DICOM_SUFFIX)
    return _record(site, interface, folder_of(members), name=name, files=members)


def _record(
    site: Site,
    interface: ComponentInterface,
    stored: StoredFile,
    *,
    name: str = "",
    value: list[Any] | None = None,
    files: Sequence[StoredMember] = (),
) -> ComponentInterfaceValue:
    columns = {
        "interface_pk": interface.pk,
        "sha256": stored.sha256,
        "size": stored.size,
        "name": name,
        "value": value or [],
        "files": [asdict(member) for member in files],
        "created": datetime.now(UTC),
    }
    with site.database.session() as session:
        insert_if_new(session, ValueRow, columns, unique=["interface_pk", "sha256"])
        # Nobody can change the interface from here on, since a value of it was written; someone may have before.
        row, known = session.execute(
            select(ValueRow, InterfaceRow)
            .join(InterfaceRow, ValueRow.interface_pk == InterfaceRow.pk)
            .where(ValueRow.interface_pk == interface.pk, ValueRow.sha256 == stored.sha256)
        ).one()
        if changed := find_outdated(interface, from_row(known)):
            raise ValidationError(
                f"{changed} of the interface '{interface.slug}' was changed since it was read; read it again"
            )
        return value_from_row(row, interface)
