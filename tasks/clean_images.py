"""Remove versions of container images that were built, loaded or pulled for a component and are needed no more."""

from __future__ import annotations

from interfaces.cleaning import Kind
from interfaces.component_images import ComponentImage
from interfaces.containers.protocol import ContainerEngine
from interfaces.database.image_records import list_images, mark_not_removed, mark_removed, unfinished_jobs
from interfaces.database.unneeded_records import Needed, images_of, last_uses
from interfaces.errors import EngineError
from tasks import image_claims
from tasks.cleaning import Cleaning


def clean_images(cleaning: Cleaning, engine: ContainerEngine, kept: Needed) -> None:
    """Remove versions that no new job uses, that no job has used for long, and that no record needs."""
    with cleaning.site.database.session() as session:
        versions, used = list_images(session), last_uses(session)
        wanted = images_of(session, kept.jobs)
        found = {
            image.original_repo_tag: image
            for image in versions
            if not image.is_desired_version
            and not image.is_removed
            and image.pk not in wanted
            and max(image.created, used.get(image.pk, image.created)) < cleaning.old
            and not unfinished_jobs(session, image)
        }
    try:
        # Another component of the site may have the very same image, and needs it.
        needed_here = {one.sha256 for one in versions if one.original_repo_tag not in found and not one.is_removed}
        sizes = {
            tag: image.size if image.sha256 not in needed_here else 0
            for tag, image in found.items()
            if engine.image(tag) is not None
        }
        cleaning.add(Kind.IMAGE, sizes.items(), lambda tag: _removed_image(cleaning, engine, found[tag]))
    except EngineError as error:
        cleaning.problems.append(str(error))


def _removed_image(cleaning: Cleaning, engine: ContainerEngine, image: ComponentImage) -> bool:
    database = cleaning.site.database
    if not image.registry_reference:  # else the next job that needs it pulls it
        with database.session() as session:
            # First the mark, so that no job begins to need it while it is removed.
            if not mark_removed(session, image):
                return False
    try:
        image_claims.let_go(engine, image.component, image.sha256)
        if image.registry_reference:
            engine.remove_image(image.registry_reference)
    except EngineError as error:  # a container uses it, say
        cleaning.problems.append(f"the image {image.original_repo_tag} stays: {error}")
        with database.session() as session:
            mark_not_removed(session, image)
        return False
    return True
