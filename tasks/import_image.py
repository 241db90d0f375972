"""Bring a component's container image into the engine, checked, under a name that keeps it there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from interfaces.component import Component, ImageSource
from interfaces.component_images import ComponentImage, check_image, repo_tag
from interfaces.containers.protocol import ContainerEngine, ImageInfo
from interfaces.errors import DefinitionError, EngineError, ImageImportFailed
from interfaces.settings import get_settings
from interfaces.storage.file_store import sha256_of

LOCAL_BASE_IMAGE = "component-flows-base:latest"
LABELS = {"component-flows.image": "component"}


@dataclass(frozen=True, kw_only=True)
class ImportedImage:
    """An image that the engine has and that may be run.

    Attributes:
        sha256: Its id.
        source: Where it came from, for people.
        fingerprint: What it was made from; as long as that is the same, nothing is made again.
        user: Who its processes run as.
        size: Bytes.
    """

    sha256: str
    source: str
    fingerprint: str
    user: str
    size: int


def import_image(
    component: Component,
    *,
    engine: ContainerEngine,
    known: ComponentImage | None = None,
    on_line: Callable[[str], None] = lambda line: None,
) -> ImportedImage:
    """Build, load or find the image of a component.

    Args:
        component: Its definition.
        engine: Where the image is to be.
        known: The version that new jobs use now; it stands if it was made from the same.
        on_line: Takes what a build prints.

    Raises:
        ImageImportFailed: It can't be had, runs as root, or is for another architecture.
    """
    source = component.image
    base = base_image(engine) if source.build else None
    fingerprint = _fingerprint(source, base)
    if known is not None and known.fingerprint == fingerprint and engine.image(known.sha256) is not None:
        return ImportedImage(
            sha256=known.sha256,
            source=known.source,
            fingerprint=fingerprint,
            user=known.user,
            size=known.size,
        )
    try:
        info = _obtain(component, source, base, engine, on_line)
    except EngineError as error:
        raise ImageImportFailed(f"the container image of '{component.slug}' can't be had: {error}") from error
    check_image(reference=f"of '{component.slug}'", user=info.user, architecture=info.architecture)
    return ImportedImage(
        sha256=info.id,
        source=_text(source),
        fingerprint=fingerprint or info.id,
        user=info.user,
        size=info.size_bytes,
    )


def _obtain(
    component: Component,
    source: ImageSource,
    base: ImageInfo | None,
    engine: ContainerEngine,
    on_line: Callable[[str], None],
) -> ImageInfo:
    if source.build is not None:
        arguments = {"BASE": base.repo_tags[0]} if base and base.repo_tags else {}
        # A name of its own: another process may build the same component at the same time.
        tag = f"component-flows/{component.slug}:building-{uuid4().hex[:12]}"
        info = engine.build(source.build, tag=tag, build_arguments=arguments, labels=LABELS, on_line=on_line)
        engine.tag(info.id, repo_tag(component.slug, info.id))
        engine.remove_image(tag)
        return info
    if source.archive is not None:
        info = engine.load(source.archive)
    else:
        assert source.reference is not None  # ImageSource holds exactly one
        found = engine.image(source.reference)
        if found is None:
            raise ImageImportFailed(
                f"the engine has no image {source.reference}; pull or build it there, or correct image.reference"
            )
        info = found
    engine.tag(info.id, repo_tag(component.slug, info.id))
    return info


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


def _fingerprint(source: ImageSource, base: ImageInfo | None) -> str:
    if source.build is not None:
        digest = hashlib.sha256((base.id if base else "").encode())
        for path in _files(source.build):
            relative = path.relative_to(source.build).as_posix()
            content = str(path.readlink()) if path.is_symlink() else sha256_of(path).sha256
            digest.update(f"{relative}\0{path.lstat().st_mode:o}\0{content}\n".encode())
        return f"sha256:{digest.hexdigest()}"
    return f"sha256:{sha256_of(source.archive).sha256}" if source.archive is not None else ""


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(parent, name) for name in sorted(names))
