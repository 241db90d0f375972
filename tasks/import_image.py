"""Bring a component's container image into the engine and the registry, checked, under a name that keeps it there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from interfaces.component import Component, ImageSource
from interfaces.component_images import ComponentImage, registry_repository, registry_tag
from interfaces.containers.protocol import ContainerEngine, ImageInfo
from interfaces.database.image_records import list_images
from interfaces.errors import DefinitionError, EngineError, ImageImportFailed
from interfaces.imports import ImportKind
from interfaces.settings import get_settings
from interfaces.site import Site
from interfaces.storage.stored_file import sha256_of
from tasks.ensure_image import ensure_image
from tasks.importing import DELAYS_S, ImportSource, imported
from tasks.obtain_image import Obtaining
from tasks.shared_images import fetch_image, share_image

LOCAL_BASE_IMAGE = "component-flows-base:latest"


@dataclass(frozen=True, kw_only=True)
class ImportedImage:
    """An image that the engine has and that may be run.

    Attributes:
        sha256: Its id.
        source: Where it came from, for people.
        fingerprint: What it was made from; as long as that is the same, nothing is made again.
        user: Who its processes run as.
        size: Bytes.
        registry_reference: Where a registry has it, by digest; "" where none does.
    """

    sha256: str
    source: str
    fingerprint: str
    user: str
    size: int
    registry_reference: str = ""


def import_image(
    site: Site,
    component: Component,
    *,
    engine: ContainerEngine,
    on_line: Callable[[str], None] = lambda line: None,
    delays_s: tuple[float, ...] = DELAYS_S,
) -> ImportedImage:
    """Build, load, find or pull the image of a component, and push it where the site has a registry.

    Args:
        site: Whose database knows the versions so far, and gets a record of the import.
        component: Its definition.
        engine: Where the image is to be.
        on_line: Takes what a build prints, and one line about each further attempt.
        delays_s: Seconds before each further attempt, after a fault that may pass.

    Raises:
        ImageImportFailed: It can't be had, or was refused.
    """
    source = component.image
    base = base_image(engine) if source.build else None
    fingerprint = _fingerprint(source, base, engine)
    with site.database.session() as session:
        versions = list_images(session, component.slug)
    known = next((one for one in versions if one.is_desired_version), None)
    if known is not None and known.fingerprint == fingerprint and _is_complete(site, engine, known):
        return _as_imported(known)
    obtaining = Obtaining(
        component=component,
        engine=engine,
        versions=versions,
        fingerprint=fingerprint,
        base=base,
        max_bytes=site.settings.limits.image_bytes,
        on_line=on_line,
    )

    def work() -> ImportedImage:
        info = obtaining.obtain()
        share_image(site, engine, slug=component.slug, sha256=info.id)
        return ImportedImage(
            sha256=info.id,
            source=_text(source),
            fingerprint=fingerprint or info.id,
            user=info.user,
            size=info.size_bytes,
            registry_reference=_registered(site, component.slug, info, source, engine),
        )

    what = ImportSource(
        owner=component.slug,
        kind=ImportKind.IMAGE,
        text=_text(source),
        fingerprint=fingerprint,
        delays_s=delays_s,
    )
    try:
        return imported(site, what, work, sha256_of=lambda image: image.sha256, show=on_line)
    except EngineError as error:
        raise ImageImportFailed(f"the container image of '{component.slug}' can't be had: {error}") from error


def _is_complete(site: Site, engine: ContainerEngine, image: ComponentImage) -> bool:
    """Whether a version can be used as it is; where the engine has lost it, the registry gives it back."""
    registry = site.settings.registry
    if not image.can_execute or (registry and not image.registry_reference.startswith(f"{registry}/")):
        return False
    if engine.image(image.sha256) is None and image.registry_reference:
        ensure_image(engine, image)
    if engine.image(image.sha256) is None and not fetch_image(site, engine, image):
        return False
    share_image(site, engine, slug=image.component, sha256=image.sha256)
    return True


def _as_imported(image: ComponentImage) -> ImportedImage:
    return ImportedImage(
        sha256=image.sha256,
        source=image.source,
        fingerprint=image.fingerprint,
        user=image.user,
        size=image.size,
        registry_reference=image.registry_reference,
    )


def _registered(site: Site, slug: str, info: ImageInfo, source: ImageSource, engine: ContainerEngine) -> str:
    """Push an image to the site's registry; gives its reference there, or in the registry that it came from, or ""."""
    if registry := site.settings.registry:
        return engine.push(info.id, repository=registry_repository(registry, slug), tag=registry_tag(info.id))
    if source.reference is None:
        return ""
    fresh = engine.image(info.id) or info
    name = source.reference.partition("@")[0]
    return next((one for one in fresh.repo_digests if name.startswith(one.partition("@")[0])), "")


def _text(source: ImageSource) -> str:
    return str(source.build or source.archive or source.reference)


def base_image(engine: ContainerEngine) -> ImageInfo | None:
    """What stands in for the build argument BASE, or None where the Dockerfile's own default is to be used.

    Raises:
        DefinitionError: The setting names an image that the engine lacks.
    """
    wanted = get_settings().base_image
    found = engine.image(wanted or LOCAL_BASE_IMAGE)
    if wanted and found is None:
        raise DefinitionError(f"the setting base_image names {wanted}, which the engine lacks; build or pull it first")
    return found


def _fingerprint(source: ImageSource, base: ImageInfo | None, engine: ContainerEngine) -> str:
    """What an image is made from; "" for a reference that the engine does not know yet."""
    if source.build is not None:
        digest = hashlib.sha256((base.id if base else "").encode())
        for path in _files(source.build):
            relative = path.relative_to(source.build).as_posix()
            content = str(path.readlink()) if path.is_symlink() else sha256_of(path).sha256
            digest.update(f"{relative}\0{path.lstat().st_mode:o}\0{content}\n".encode())
        return f"sha256:{digest.hexdigest()}"
    if source.archive is not None:
        return f"sha256:{sha256_of(source.archive).sha256}"
    assert source.reference is not None  # ImageSource holds exactly one
    found = engine.image(source.reference)
    return found.id if found is not None else ""


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(parent, name) for name in sorted(names))
