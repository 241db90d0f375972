"""A Docker engine's images: looking them up, loading, tagging, and exchanging them with registries.

The part of `DockerEngine` that deals with images; the client comes from there, since only that module imports docker.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import requests

from interfaces.containers.create_request import PLATFORM
from interfaces.containers.engine_errors import engine_errors, status_of, words_of
from interfaces.containers.engine_facts import image_from
from interfaces.containers.image_build import BuildFailed, follow_load
from interfaces.containers.records import ImageInfo, StopSignal
from interfaces.containers.registry import Login, delete_manifest, host_of, registry_of, wants_login
from interfaces.errors import EngineError
from interfaces.secrets_of_services import login_advice, registry_login


class DockerImages:
    """What a Docker engine does with images. What the methods promise stands in ``ContainerEngine``."""

    _api: Any
    _refusals: ClassVar[tuple[type[Exception], ...]] = ()
    """What the client raises by itself, before it asks the engine."""

    def image(self, reference: str) -> ImageInfo | None:
        """An image by id, ``name:tag`` or ``name@digest``, or None where the engine lacks it."""
        with engine_errors(f"look up the image '{reference}'"):
            try:
                return image_from(self._api.inspect_image(reference))
            except requests.HTTPError as error:
                if status_of(error) == 404:
                    return None
                raise

    def load(self, archive: Iterable[bytes], *, name: str) -> ImageInfo:
        """Load an archive of ``docker save`` with one image, sent as it is read."""
        try:
            with engine_errors(f"load {name}"):
                # Not quiet: a large image takes minutes, in which the engine's progress keeps the connection alive.
                references = follow_load(self._api.load_image(iter(archive), quiet=False))
        except BuildFailed as failure:
            raise EngineError(f"the engine can't load {name}: {failure}") from failure
        images = {image.id: image for image in map(self.image, references) if image is not None}
        if len(images) != 1:
            raise EngineError(
                f"{name} holds {len(images)} images, but exactly one is needed; was this created with docker save?"
            )
        return images.popitem()[1]

    def save(self, reference: str) -> Iterator[bytes]:
        """An image as an archive of ``docker save``, a block at a time."""
        with engine_errors(f"save the image '{reference}'"):
            yield from self._api.get_image(reference)

    def tag(self, image: str, reference: str) -> None:
        """Give an image one more ``name:tag``."""
        name, _, tag = reference.rpartition(":")
        with engine_errors(f"tag the image '{image}' as '{reference}'"):
            self._api.tag(image, name, tag=tag, force=True)

    def remove_image(self, reference: str) -> None:
        """Remove a tag, and the image with its last one; one that is not there is fine."""
        with engine_errors(f"remove the image '{reference}'"), missing_is_fine():
            self._api.remove_image(reference)

    def pull(self, reference: str, *, stop: StopSignal | None = None) -> ImageInfo:
        """Fetch an image from its registry, by tag or by digest."""
        name, tag = _split(reference)
        host = registry_of(name)
        with self._exchange(f"pull the image '{reference}'", host):
            login = _auth_config(host)
            events = self._api.pull(name, tag=tag, stream=True, decode=True, platform=PLATFORM, auth_config=login)
            _follow(events, stop)
        image = self.image(reference)
        if image is None:
            raise EngineError(f"the image '{reference}' was pulled, and is gone again")
        return image

    def push(self, image: str, *, repository: str, tag: str) -> str:
        """Send an image to a registry; gives its reference there, ``repository@sha256:...``."""
        local = f"{repository}:{tag}"
        self.tag(image, local)
        try:
            host = registry_of(repository)
            with self._exchange(f"push the image '{local}'", host):
                login = _auth_config(host)
                digest = _follow(self._api.push(repository, tag=tag, stream=True, decode=True, auth_config=login))
        finally:
            # It was needed for sending only; the image keeps the name that it had.
            self.remove_image(local)
        if not digest:
            raise EngineError(f"the registry took the image '{local}', but told no digest for it")
        return f"{repository}@{digest}"

    def remove_from_registry(self, reference: str) -> bool:
        """Remove an image from a registry; False where that does not allow it."""
        host = host_of(reference)
        known = Login.of(self._api._auth_configs.resolve_authconfig(host) or {})
        return delete_manifest(reference, login=registry_login(host) or known)

    @contextlib.contextmanager
    def _exchange(self, doing: str, host: str) -> Iterator[None]:
        try:
            with engine_errors(doing):
                yield
        except (BuildFailed, EngineError) as failure:
            if wants_login(failure):
                cause = failure.__cause__
                words = words_of(cause) if isinstance(cause, requests.HTTPError) else failure
                raise EngineError(
                    f"the engine could not {doing}: the registry at {host} refuses our login ({words}); "
                    f"{login_advice(host)}"
                ) from failure
            if isinstance(failure, EngineError):
                raise
            raise EngineError(f"the engine could not {doing}: {failure}") from failure
        except self._refusals as error:
            raise EngineError(f"the engine could not {doing}: {error}") from error


def _auth_config(host: str) -> dict[str, str] | None:
    """A login of ours in the words of the engine; None: the client takes that of the docker command."""
    login = registry_login(host)
    return {"username": login.name, "password": login.password} if login else None


def _split(reference: str) -> tuple[str, str]:
    """The name and the tag or digest; a name alone means ``latest``, since the engine would fetch all tags."""
    name, at, digest = reference.partition("@")
    before, colon, tag = name.rpartition(":")
    has_tag = colon and "/" not in tag
    if at:
        return before if has_tag else name, digest
    return (before, tag) if has_tag else (name, "latest")


def _follow(events: Iterable[Mapping[str, Any]], stop: StopSignal | None = None) -> str:
    """Read the events of a pull or push to their end; gives the digest, where one is told.

    Raises:
        BuildFailed: It was refused or broke off, or was asked to stop: the engine breaks off where nobody listens.
    """
    digest = ""
    for event in events:
        if stop is not None and stop.is_set():
            close = getattr(events, "close", None)
            if close is not None:
                close()
            raise BuildFailed("it was asked to stop")
        if "error" in event:
            raise BuildFailed(str(event["error"]).strip())
        aux = event.get("aux")
        if isinstance(aux, dict):
            digest = str(aux.get("Digest") or digest)
    return digest


@contextlib.contextmanager
def missing_is_fine() -> Iterator[None]:
    """404: it is gone; 409 "already in progress": somebody removes it now."""
    try:
        yield
    except requests.HTTPError as error:
        if status_of(error) != 404 and "already in progress" not in words_of(error):
            raise
