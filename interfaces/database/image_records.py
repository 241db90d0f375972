"""Versions of container images in the database: listed, chosen, removed."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from interfaces.component_images import ComponentImage
from interfaces.database.component_records import choose_version, image_from_row
from interfaces.database.tables import ComponentRow, ImageRow, JobRow
from interfaces.errors import UnknownName
from interfaces.job_status import FINAL

SHOWN_DIGITS = 12


def list_images(session: Session, component: str | None = None) -> list[ComponentImage]:
    """The versions of a component's container image, or of all components, the newest first."""
    query = select(ImageRow).order_by(ImageRow.component_slug, ImageRow.created.desc(), ImageRow.pk.desc())
    if component is not None:
        query = query.where(ImageRow.component_slug == component)
    return [image_from_row(row) for row in session.scalars(query.execution_options(populate_existing=True))]


def find_image(session: Session, component: str, digits: str) -> ComponentImage:
    """The version whose sha256 starts with the given digits.

    Raises:
        UnknownName: None or several do; the text lists the versions.
    """
    start = digits.lower().removeprefix("sha256:")
    versions = list_images(session, component)
    found = [image for image in versions if start and image.sha256.removeprefix("sha256:").startswith(start)]
    if len(found) == 1:
        return found[0]
    if not versions:
        known = session.get(ComponentRow, component) is not None
        what = "has no container image yet; register its folder" if known else "is no registered component"
        raise UnknownName(f"'{component}' {what}")
    listed = ", ".join(image.sha256.removeprefix("sha256:")[:SHOWN_DIGITS] for image in versions)
    what = "several versions" if found else "no version"
    raise UnknownName(
        f"{what} of the image of '{component}' have a sha256 that starts with '{digits}'; they are {listed}"
    )


def choose_image(session: Session, image: ComponentImage) -> None:
    """Make a version the desired one: new jobs use it."""
    peers, chosen = ImageRow.component_slug == image.component, ImageRow.pk == image.pk
    choose_version(session, ImageRow, peers=peers, chosen=chosen, of=image.component)


def unfinished_jobs(session: Session, image: ComponentImage) -> int:
    """How many jobs that have not ended are pinned to a version."""
    query = select(JobRow.id).where(JobRow.image_pk == image.pk, JobRow.status.not_in([one.value for one in FINAL]))
    return len(session.scalars(query).all())


def mark_removed(session: Session, image: ComponentImage) -> bool:
    """Mark a version as removed, unless it is the desired one or a job that has not ended is pinned to it.

    Returns:
        Whether it is marked now. One statement, so that no job or choice comes in between.
    """
    needed = select(JobRow.id).where(JobRow.image_pk == ImageRow.pk, JobRow.status.not_in([one.value for one in FINAL]))
    change = update(ImageRow).where(ImageRow.pk == image.pk, ~ImageRow.is_desired_version, ~needed.exists())
    return bool(session.execute(change.values(is_removed=True)).rowcount)  # type: ignore[attr-defined]


def mark_not_removed(session: Session, image: ComponentImage) -> None:
    """Take the mark back, where the engine could not remove it."""
    session.execute(update(ImageRow).where(ImageRow.pk == image.pk).values(is_removed=False))


def forget_registry(session: Session, image: ComponentImage) -> None:
    """Note that no registry has a version any more."""
    session.execute(update(ImageRow).where(ImageRow.pk == image.pk).values(registry_reference=""))
