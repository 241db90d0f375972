"""Versions of models and ground truths in the database: listed and chosen."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from interfaces.database.component_records import choose_version, tarball_from_row
from interfaces.database.image_records import SHOWN_DIGITS
from interfaces.database.tables import TarballRow
from interfaces.errors import UnknownName
from interfaces.tarballs import Tarball, TarballKind


def list_tarballs(session: Session, owner: str | None = None, kind: TarballKind | None = None) -> list[Tarball]:
    """The versions of an owner's tarballs, or of all owners', the newest first."""
    query = select(TarballRow).order_by(
        TarballRow.owner, TarballRow.kind, TarballRow.created.desc(), TarballRow.pk.desc()
    )
    if owner is not None:
        query = query.where(TarballRow.owner == owner)
    if kind is not None:
        query = query.where(TarballRow.kind == kind.value)
    return [tarball_from_row(row) for row in session.scalars(query.execution_options(populate_existing=True))]


def find_tarball(session: Session, owner: str, digits: str) -> Tarball:
    """The version whose sha256 starts with the given digits.

    Raises:
        UnknownName: None or several do; the text lists the versions.
    """
    versions = list_tarballs(session, owner)
    found = [tarball for tarball in versions if digits and tarball.sha256.startswith(digits.lower())]
    if len(found) == 1:
        return found[0]
    if not versions:
        raise UnknownName(f"'{owner}' has no model or ground truth")
    listed = ", ".join(f"{tarball.sha256[:SHOWN_DIGITS]} ({tarball.kind})" for tarball in versions)
    what = "several tarballs" if found else "no tarball"
    raise UnknownName(f"{what} of '{owner}' have a sha256 that starts with '{digits}'; they are {listed}")


def choose_tarball(session: Session, tarball: Tarball) -> None:
    """Make a version the desired one: new jobs use it."""
    peers = (TarballRow.owner == tarball.owner) & (TarballRow.kind == tarball.kind.value)
    choose_version(session, TarballRow, peers=peers, chosen=TarballRow.pk == tarball.pk, of=tarball.owner)
