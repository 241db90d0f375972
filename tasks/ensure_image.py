"""See that an engine has the image that a job is pinned to."""

from __future__ import annotations

import time

from interfaces import messages
from interfaces.component_images import ComponentImage
from interfaces.containers.protocol import ContainerEngine, ImageInfo, StopSignal
from interfaces.containers.registry import may_pass
from interfaces.errors import ComponentException, EngineError
from interfaces.site import get_site
from tasks.image_claims import claim
from tasks.shared_images import fetch_image, is_shared_image

DELAYS_S = (1.0, 4.0)
"""Before each further attempt to pull; jobs wait for it."""

_POLL_S = 0.1


class ImageMissing(ComponentException):
    """Neither the engine nor a registry has the image that a job is pinned to."""


def is_within_reach(engine: ContainerEngine, image: ComponentImage) -> bool:
    """Whether a job could run an image: it may be executed, and the engine, a registry or the file store has it."""
    if not image.can_execute or image.registry_reference:
        return image.can_execute
    return engine.image(image.sha256) is not None or is_shared_image(get_site(), image)


def ensure_image(
    engine: ContainerEngine,
    image: ComponentImage,
    *,
    stop: StopSignal | None = None,
    delays_s: tuple[float, ...] = DELAYS_S,
) -> None:
    """Pull an image by its digest, or load it from the file store, where the engine lacks it.

    Args:
        engine: Where it is to be.
        image: The version that a job is pinned to.
        stop: Breaks it off once it is set.
        delays_s: Seconds before each further attempt.

    Raises:
        ImageMissing: Nobody has it, or what came is not what was pinned.
        ComponentException: It was asked to stop.
        EngineError: The engine or the registry can't be reached.
    """
    if engine.image(image.sha256) is not None:
        return
    if not image.registry_reference:
        if fetch_image(get_site(), engine, image):
            claim(engine, image.sha256)
            return
        raise ImageMissing(
            f"The container image of '{image.component}' is no longer in the engine; register the component again"
        )
    pulled = _pulled(engine, image, stop, delays_s)
    if pulled.id != image.sha256:
        engine.remove_image(image.registry_reference)
        raise ImageMissing(
            f"The registry has another container image of '{image.component}' than the one that the job is pinned to "
            f"({pulled.id[7:19]} in place of {image.sha256[7:19]}); register the component again"
        )
    # A digest alone does not keep an image when the engine is cleaned up.
    engine.tag(image.sha256, image.original_repo_tag)
    claim(engine, image.sha256)


def _pulled(
    engine: ContainerEngine, image: ComponentImage, stop: StopSignal | None, delays_s: tuple[float, ...]
) -> ImageInfo:
    left = list(delays_s)
    while True:
        try:
            return engine.pull(image.registry_reference, stop=stop)
        except EngineError as error:
            passes = may_pass(error)
            if stop is not None and stop.is_set():
                raise ComponentException(messages.CANCELLED) from error
            if not passes:
                raise ImageMissing(
                    f"The container image of '{image.component}' is not in the engine, and its registry does not "
                    f"deliver it: {error}"
                ) from error
            if not left:
                raise
        _wait(left.pop(0), stop)


def _wait(seconds: float, stop: StopSignal | None) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not (stop is not None and stop.is_set()):
        time.sleep(min(_POLL_S, seconds))
