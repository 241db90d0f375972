"""Container images by way of the site's file store, for machines that share no registry.

A registry is the better way where there is one: it keeps layers that images have in common once, and an engine fetches
only those that it lacks. An archive in the store has all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

from interfaces.component_images import ComponentImage, repo_tag
from interfaces.containers.protocol import ContainerEngine
from interfaces.errors import EngineError, ImageImportFailed
from interfaces.image_archives import plain_archive, read_image_archive
from interfaces.site import Site


def share_image(site: Site, engine: ContainerEngine, *, slug: str, sha256: str) -> None:
    """Put an image where the site's other machines find it; nothing where they have a registry, or there are none.

    Args:
        site: Whose store it is.
        engine: Where the image is.
        slug: Of its component.
        sha256: The image's id.

    Raises:
        ServiceUnavailable: The store does not take it.
        EngineError: The engine broke off.
    """
    if site.settings.registry or not site.store.is_shared or site.store.has_shared(_name(sha256)):
        return
    with site.scratch() as folder:
        archive = folder / "image.tar"
        _write(archive, engine.save(repo_tag(slug, sha256)))
        site.store.share(archive, _name(sha256))


def is_shared_image(site: Site, image: ComponentImage) -> bool:
    """Whether a machine has shared an image.

    Raises:
        ServiceUnavailable: The store can't be asked.
    """
    return site.store.has_shared(_name(image.sha256))


def fetch_image(site: Site, engine: ContainerEngine, image: ComponentImage) -> bool:
    """Load an image that another machine has shared; False where none has.

    Raises:
        ServiceUnavailable: The store does not deliver it.
        EngineError: What is shared is another image, or the engine does not take it.
    """
    if not site.store.is_shared:
        return False
    site.scratch_folder.mkdir(parents=True, exist_ok=True)
    # Several jobs may want it at once, and it may be large.
    with FileLock(site.scratch_folder / f"image-{image.sha256[7:19]}.lock"), site.scratch() as folder:
        path, max_bytes = folder / "image.tar", site.settings.limits.image_bytes
        if engine.image(image.sha256) is not None:
            return True
        if not site.store.fetch(_name(image.sha256), path):
            return False
        try:
            archive = read_image_archive(path, max_bytes=max_bytes)
            content = plain_archive(archive, reference=image.original_repo_tag, max_bytes=max_bytes)
        except ImageImportFailed as error:
            raise EngineError(
                f"the file store has no sound copy of the image of '{image.component}': {error}"
            ) from error
        if archive.sha256 != image.sha256:
            raise EngineError(
                f"the file store has another image ({archive.sha256[7:19]}) under the name of that of "
                f"'{image.component}' ({image.sha256[7:19]}); register the component again where it was made"
            )
        engine.load(content, name=f"the image of '{image.component}' from the file store")
    return True


def _name(sha256: str) -> str:
    return f"images/{sha256.removeprefix('sha256:')}.tar"


def _write(path: Path, content: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        for block in content:
            file.write(block)
