"""Get a container image into the engine, from a folder, an archive or a registry, and check it on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from interfaces.component import Component
from interfaces.component_images import (
    ComponentImage,
    check_image,
    check_image_size,
    is_evaluation_method,
    repo_tag,
)
from interfaces.containers.protocol import ContainerEngine, ImageInfo
from interfaces.errors import EngineError, ImageImportFailed
from interfaces.image_archives import plain_archive, read_image_archive
from tasks.ensure_image import is_within_reach
from tasks.image_claims import claim

LABELS = {"component-flows.image": "component"}


@dataclass(frozen=True, kw_only=True)
class Obtaining:
    """What there is to know for getting one component's image.

    Attributes:
        component: Its definition.
        engine: Where the image is to be.
        versions: The versions of its image so far.
        fingerprint: What the image is made from.
        base: What stands in for the build argument BASE, or None.
        max_bytes: Largest image.
        on_line: Takes what a build prints.
    """

    component: Component
    engine: ContainerEngine
    versions: Sequence[ComponentImage]
    fingerprint: str
    base: ImageInfo | None
    max_bytes: int
    on_line: Callable[[str], None]

    def obtain(self) -> ImageInfo:
        """Get the image and give it the tag that keeps it in the engine.

        Raises:
            ImageImportFailed: It was refused; nothing of it is left in the engine that was not there before.
            EngineError: The engine or a registry failed.
        """
        source = self.component.image
        if source.build is not None:
            return self._built(source.build)
        if source.archive is not None:
            return self._loaded(source.archive)
        assert source.reference is not None  # ImageSource holds exactly one
        return self._found(source.reference)

    def _kept(self, info: ImageInfo) -> ImageInfo:
        """Check what the engine says of an image, which is what it would run, and tag it."""
        reference = f"of '{self.component.slug}'"
        check_image(reference=reference, user=info.user, architecture=info.architecture, os=info.os)
        check_image_size(reference=reference, size_bytes=info.size_bytes, max_bytes=self.max_bytes)
        self.engine.tag(info.id, repo_tag(self.component.slug, info.id))
        claim(self.engine, info.id)
        return info

    def _built(self, folder: Path) -> ImageInfo:
        arguments = {"BASE": self.base.repo_tags[0]} if self.base and self.base.repo_tags else {}
        # A name of its own: another process may build the same component at the same time.
        tag = f"component-flows/{self.component.slug}:building-{uuid4().hex[:12]}"
        try:
            return self._kept(
                self.engine.build(folder, tag=tag, build_arguments=arguments, labels=LABELS, on_line=self.on_line)
            )
        finally:
            self.engine.remove_image(tag)

    def _loaded(self, path: Path) -> ImageInfo:
        archive = read_image_archive(path, max_bytes=self.max_bytes)
        self._refuse_repeated(archive.sha256)
        there = self.engine.image(archive.sha256)
        if there is not None:
            return self._kept(there)
        tag = repo_tag(self.component.slug, archive.sha256)
        content = plain_archive(archive, reference=tag, max_bytes=self.max_bytes)
        info = self.engine.load(content, name=f"the container image archive {path}")
        try:
            return self._kept(info)
        except ImageImportFailed:
            self.engine.remove_image(tag)
            raise

    def _refuse_repeated(self, sha256: str) -> None:
        """Refuse an archive of an image that was uploaded before, unless it is the same archive as the desired version.

        An evaluation method may repeat, as the same image serves several phases.
        """
        same = next((one for one in self.versions if one.sha256 == sha256), None)
        if same is None or is_evaluation_method(self.component) or not is_within_reach(self.engine, same):
            return
        if same.is_desired_version and same.fingerprint == self.fingerprint:
            return
        slug, digits = self.component.slug, sha256.removeprefix("sha256:")[:12]
        which = "as the version that new jobs use" if same.is_desired_version else "as an older version"
        advice = (
            "register the archive that it came from"
            if same.is_desired_version
            else f"choose it again with 'component-flows images {slug} --use {digits}'"
        )
        raise ImageImportFailed(
            f"the container image {digits} of '{slug}' was uploaded before, on {same.created:%Y-%m-%d}, {which}; "
            f"{advice}, or give an archive of another image"
        )

    def _found(self, reference: str) -> ImageInfo:
        there = self.engine.image(reference)
        if there is not None:
            return self._kept(there)
        try:
            info = self.engine.pull(reference)
        except EngineError as error:
            raise EngineError(
                f"the engine has no image {reference}, and it can't be pulled; pull or build it there, or correct "
                f"image.reference ({error})"
            ) from error
        try:
            return self._kept(info)
        except ImageImportFailed:
            self.engine.remove_image(reference)
            raise
