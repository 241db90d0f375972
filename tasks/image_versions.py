"""The versions of a component's image: which one new jobs use, and which are not needed any more."""

from __future__ import annotations

from interfaces.component_images import ComponentImage
from interfaces.containers.protocol import ContainerEngine
from interfaces.database.image_records import (
    choose_image,
    find_image,
    forget_registry,
    list_images,
    mark_not_removed,
    mark_removed,
    unfinished_jobs,
)
from interfaces.errors import DefinitionError, EngineError, ImageImportFailed
from interfaces.site import Site
from tasks.ensure_image import is_within_reach


def chosen(site: Site, engine: ContainerEngine, component: str, digits: str) -> ComponentImage:
    """Make a version the one that new jobs use.

    Args:
        site: Whose database has the versions.
        engine: Which may have the image.
        component: Slug.
        digits: The start of the version's sha256.

    Raises:
        UnknownName: No version, or several, start so.
        ImageImportFailed: It was removed, or nobody has it any more.
    """
    with site.database.session() as session:
        image = find_image(session, component, digits)
    if not is_within_reach(engine, image):
        why = "was removed" if image.is_removed else "is in no engine or registry within reach"
        raise ImageImportFailed(
            f"the image {image.sha256[7:19]} of '{component}' {why}; register what it was made from again "
            f"({image.source})"
        )
    with site.database.session() as session:
        choose_image(session, image)
        return find_image(session, component, image.sha256)


def removed(site: Site, engine: ContainerEngine, component: str, digits: str) -> tuple[ComponentImage, str]:
    """Remove a version from the engine and from its registry; its record stays for the jobs that it ran.

    Args:
        site: Whose database has the versions.
        engine: Which has the image.
        component: Slug.
        digits: The start of the version's sha256.

    Returns:
        The record, and what could not be removed, for people; "" where nothing is left.

    Raises:
        UnknownName: No version, or several, start so.
        DefinitionError: New jobs use it, or a job that has not ended needs it.
        EngineError: The engine failed, or a container uses the image; the version can be used as before.
    """
    with site.database.session() as session:
        image = find_image(session, component, digits)
        # First the mark, so that no job begins to need it while it is removed.
        marked = mark_removed(session, image)
    if not marked:
        raise _needed(site, image)
    try:
        engine.remove_image(image.original_repo_tag)
        if image.registry_reference:
            engine.remove_image(image.registry_reference)  # it knows a pulled image by its digest, too
    except EngineError:
        with site.database.session() as session:
            mark_not_removed(session, image)
        raise
    left = _removed_from_registry(site, engine, image)
    with site.database.session() as session:
        return find_image(session, component, image.sha256), left


def _needed(site: Site, image: ComponentImage) -> DefinitionError:
    with site.database.session() as session:
        image = find_image(session, image.component, image.sha256)
        jobs = unfinished_jobs(session, image)
        others = [one for one in list_images(session, image.component) if one.pk != image.pk and not one.is_removed]
    what = f"the image {image.sha256[7:19]} of '{image.component}' can't be removed: "
    if image.is_desired_version:
        other = others[0].sha256[7:19] if others else "SHA"
        return DefinitionError(
            f"{what}new jobs use it; choose another version first, as with 'component-flows images {image.component} "
            f"--use {other}'"
        )
    needed = f"{jobs} jobs that have not ended need it" if jobs != 1 else "a job that has not ended needs it"
    return DefinitionError(f"{what}{needed}; wait for them, or cancel them ('component-flows jobs' lists them)")


def _removed_from_registry(site: Site, engine: ContainerEngine, image: ComponentImage) -> str:
    """Remove it from the site's own registry; one that it was pulled from belongs to somebody else."""
    reference, registry = image.registry_reference, site.settings.registry
    if not reference:
        return ""
    kept = f"the registry keeps {reference}"
    if not registry or not reference.startswith(f"{registry}/"):
        return kept
    try:
        if not engine.remove_from_registry(reference):
            return f"{kept}, since it does not allow it to be deleted"
    except EngineError as error:
        return f"{kept}; remove it again once it is there ({error})"
    with site.database.session() as session:
        forget_registry(session, image)
    return ""
