"""Components and the versions of their container images and tarballs in the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from interfaces.component import Component, ImageSource, InterfaceSet, Method
from interfaces.component_images import ComponentImage
from interfaces.database.definition_records import find_definitions, save_definition
from interfaces.database.inserting import insert_if_new
from interfaces.database.tables import ComponentRow, ImageRow, TarballRow
from interfaces.import_status import ImportStatusChoices
from interfaces.tarballs import Tarball, TarballKind


def _component_json(component: Component) -> dict[str, Any]:
    data = asdict(component)
    data["image"] = {name: str(source) for name, source in data["image"].items() if source is not None}
    data["model"] = str(component.model) if component.model else None
    return data


def _component(definition: dict[str, Any]) -> Component:
    image = definition["image"]
    return Component(
        **{
            **definition,
            "image": ImageSource(
                build=Path(image["build"]) if "build" in image else None,
                archive=Path(image["archive"]) if "archive" in image else None,
                reference=image.get("reference"),
            ),
            "interfaces": tuple(
                InterfaceSet(inputs=tuple(each["inputs"]), outputs=tuple(each["outputs"]))
                for each in definition["interfaces"]
            ),
            "model": Path(definition["model"]) if definition["model"] else None,
            "method": Method(definition["method"]),
        }
    )


def save_component(session: Session, component: Component) -> bool:
    """Register a component, or apply what changed; gives whether anything was written."""
    definition = _component_json(component)
    return save_definition(session, ComponentRow, slug=component.slug, title=component.title, definition=definition)


def find_components(session: Session, slugs: Iterable[str] | None = None) -> dict[str, Component]:
    """The registered components by slug; those asked for, or all.

    Raises:
        UnknownName: One is not registered.
    """
    rows = find_definitions(session, ComponentRow, slugs, what="component")
    return {row.slug: _component(row.definition) for row in rows}


def image_from_row(row: ImageRow) -> ComponentImage:
    """The record of a row."""
    return ComponentImage(
        pk=row.pk,
        component=row.component_slug,
        sha256=row.sha256,
        source=row.source,
        fingerprint=row.fingerprint,
        import_status=ImportStatusChoices(row.import_status),
        status=row.status,
        user=row.user,
        size=row.size,
        is_desired_version=row.is_desired_version,
        registry_reference=row.registry_reference,
        is_removed=row.is_removed,
        created=row.created,
    )


def save_image(
    session: Session,
    *,
    component: str,
    sha256: str,
    source: str,
    fingerprint: str,
    user: str,
    size: int,
    registry_reference: str = "",
) -> ComponentImage:
    """Register a valid image as the component's one desired version; an image that is known keeps its record.

    Args:
        session: An open session.
        component: Its slug.
        sha256: The image's id in the engine.
        source: Where it came from, for people.
        fingerprint: What it was made from.
        user: Who its processes run as.
        size: Bytes.
        registry_reference: Where a registry has it; "" leaves what is known.
    """
    changing: dict[str, Any] = {
        "fingerprint": fingerprint,
        "import_status": ImportStatusChoices.COMPLETED.value,
        "status": "",
        "is_removed": False,
        **({"registry_reference": registry_reference} if registry_reference else {}),
    }
    columns = {
        "component_slug": component,
        "sha256": sha256,
        "source": source,
        "user": user,
        "size": size,
        "is_desired_version": False,
        "created": datetime.now(UTC),
        **changing,
    }
    peers, chosen = ImageRow.component_slug == component, ImageRow.sha256 == sha256
    _wait_for_others(session, ImageRow, component)
    insert_if_new(session, ImageRow, columns, unique=["component_slug", "sha256"])
    session.execute(update(ImageRow).where(peers, chosen).values(**changing))
    choose_version(session, ImageRow, peers=peers, chosen=chosen, of=component)
    row = session.scalars(select(ImageRow).where(peers, chosen)).one()
    session.refresh(row)
    return image_from_row(row)


def _wait_for_others(session: Session, table: type[ImageRow | TarballRow], of: str) -> None:
    """Let only one transaction at a time change whose versions are chosen; to be called before any row is changed.

    Otherwise two that choose at once don't see each other's choice. SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"{table.__tablename__} {of}"))))


def choose_version(
    session: Session,
    table: type[ImageRow | TarballRow],
    *,
    peers: ColumnElement[bool],
    chosen: ColumnElement[bool],
    of: str,
) -> None:
    """Make one version the desired one among its peers, or none where `chosen` is true of none.

    Args:
        session: An open session.
        table: The versions' class.
        peers: Which versions compete.
        chosen: Which of them wins.
        of: Whose versions they are.
    """
    _wait_for_others(session, table, of)
    # In this order, since the database allows one desired version at most at every moment.
    session.execute(update(table).where(peers, ~chosen, table.is_desired_version).values(is_desired_version=False))
    session.execute(update(table).where(peers, chosen).values(is_desired_version=True))


def desired_image(session: Session, component: str) -> ComponentImage | None:
    """The version of a component's image that new jobs use."""
    row = session.scalars(
        select(ImageRow).where(ImageRow.component_slug == component, ImageRow.is_desired_version.is_(True))
    ).one_or_none()
    return None if row is None else image_from_row(row)


def tarball_from_row(row: TarballRow) -> Tarball:
    """The record of a row."""
    return Tarball(
        pk=row.pk,
        owner=row.owner,
        kind=TarballKind(row.kind),
        sha256=row.sha256,
        size=row.size,
        import_status=ImportStatusChoices(row.import_status),
        status=row.status,
        is_desired_version=row.is_desired_version,
        created=row.created,
    )


def save_tarball(session: Session, *, owner: str, kind: TarballKind, sha256: str | None, size: int) -> Tarball | None:
    """Register a tarball as its owner's one desired version; None for the sha256 means that it has none any more."""
    peers = (TarballRow.owner == owner) & (TarballRow.kind == kind.value)
    _wait_for_others(session, TarballRow, owner)
    if sha256 is not None:
        columns = {
            "owner": owner,
            "kind": kind.value,
            "sha256": sha256,
            "size": size,
            "import_status": ImportStatusChoices.COMPLETED.value,
            "status": "",
            "is_desired_version": False,
            "created": datetime.now(UTC),
        }
        insert_if_new(session, TarballRow, columns, unique=["owner", "kind", "sha256"])
    choose_version(session, TarballRow, peers=peers, chosen=TarballRow.sha256 == (sha256 or ""), of=owner)
    return desired_tarball(session, owner=owner, kind=kind)


def desired_tarball(session: Session, *, owner: str, kind: TarballKind) -> Tarball | None:
    """The version of a tarball that new jobs use."""
    row = session.scalars(
        select(TarballRow)
        .where(TarballRow.owner == owner, TarballRow.kind == kind.value, TarballRow.is_desired_version.is_(True))
        .execution_options(populate_existing=True)
    ).one_or_none()
    return None if row is None else tarball_from_row(row)
