"""What in a container image does not, or may not, work when it runs as a component."""

from __future__ import annotations

from collections.abc import Iterator

from interfaces.component import Component, Method
from interfaces.component_images import PLATFORM_ARCHITECTURE, runs_as_root
from interfaces.containers.records import OUTPUT_TARGET, TMP_TARGET, ImageInfo
from interfaces.findings import Finding, Level

GB = 2**30

_LARGE_PART = 0.5
"""An image that takes more than this part of what is allowed is told about."""

_MANY_LAYERS = 100
"""overlay2 stacks 128 layers at most: https://docs.docker.com/engine/storage/drivers/overlayfs-driver/."""

_INVOKE_PORT = "4743/tcp"
_INPUT_TARGET = "/input"


def lint_image(image: ImageInfo, component: Component, *, max_bytes: int) -> list[Finding]:
    """Look at an image's configuration.

    Args:
        image: The image.
        component: What is to be registered with it.
        max_bytes: Largest image that the site takes.

    Returns:
        Errors first.
    """
    found = [*_errors(image, max_bytes), *_warnings(image, component, max_bytes)]
    return sorted(found, key=lambda one: one.level is not Level.ERROR)


def _errors(image: ImageInfo, max_bytes: int) -> Iterator[Finding]:
    if runs_as_root(image.user):
        who = f"its USER is {image.user!r}" if image.user else "it has no USER"
        yield _error(
            f"it runs as root: {who}", "end the Dockerfile with a USER line that names another, such as USER 1000"
        )
    if not image.entrypoint and not image.command:
        yield _error("it has neither ENTRYPOINT nor CMD, so there is nothing to run", "add an ENTRYPOINT line")
    if (image.os, image.architecture) != ("linux", PLATFORM_ARCHITECTURE):
        yield _error(
            f"it is for {image.os or 'no system'}/{image.architecture or 'unknown'}, and linux/{PLATFORM_ARCHITECTURE} "
            "is needed",
            f"build it with --platform=linux/{PLATFORM_ARCHITECTURE}",
        )
    if image.size_bytes > max_bytes:
        yield _error(
            f"it has {image.size_bytes / GB:.1f} GB, and at most {max_bytes / GB:.1f} GB are taken",
            "leave out what is not needed at run time, and hand in models with the key 'model'",
        )


def _warnings(image: ImageInfo, component: Component, max_bytes: int) -> Iterator[Finding]:
    if max_bytes * _LARGE_PART < image.size_bytes <= max_bytes:
        yield _warning(
            f"it has {image.size_bytes / GB:.1f} GB, of {max_bytes / GB:.1f} GB at most",
            "start from a smaller base image, and remove caches in the line that fills them",
        )
    if image.layers > _MANY_LAYERS:
        yield _warning(f"it has {image.layers} layers, and engines stack about 127", "join RUN and COPY lines")
    if image.entrypoint[:2] == ("/bin/sh", "-c") or (not image.entrypoint and image.command[:2] == ("/bin/sh", "-c")):
        yield _warning(
            "its entry point is run by a shell, so that SIGTERM at a stop may never reach the program",
            'write it as a list: ENTRYPOINT ["python3", "/opt/app/main.py"]',
        )
    yield from _home(image)
    yield from _paths(image)
    if image.has_health_check:
        yield _warning("its HEALTHCHECK is never run", "remove it, or let the program itself check what it needs")
    ports = [port for port in image.ports if not (component.method is Method.INVOKE and port == _INVOKE_PORT)]
    if ports:
        yield _warning(f"it exposes {', '.join(ports)}, but there is no network", "remove the EXPOSE line")


def _home(image: ImageInfo) -> Iterator[Finding]:
    home = image.environment.get("HOME", "")
    number = image.user.partition(":")[0]
    if not home and number.isdigit() and int(number):
        yield _warning(
            f"its USER is the number {number} and it sets no HOME: unless /etc/passwd has that number, HOME is '/', "
            "where nothing can be written (matplotlib, PyTorch and others keep caches there)",
            "make a folder for it and set it: RUN mkdir /home/user && chown 1000 /home/user, ENV HOME=/home/user",
        )
    elif any(_is_below(home, target) for target in (_INPUT_TARGET, OUTPUT_TARGET)):
        yield _warning(f"its HOME is {home}, which is no place for caches", "set HOME to a folder of its own")


def _paths(image: ImageInfo) -> Iterator[Finding]:
    for path in sorted(image.volumes):
        if any(_is_below(path, target) for target in (_INPUT_TARGET, OUTPUT_TARGET, TMP_TARGET)):
            yield _warning(
                f"its VOLUME {path} is replaced by what a job mounts there; files of the image in it are not seen",
                "remove the VOLUME line",
            )
        else:
            yield _warning(
                f"what is written to its VOLUME {path} is thrown away with the container",
                f"remove the VOLUME line, and write results to {OUTPUT_TARGET}",
            )


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _error(sentence: str, remedy: str) -> Finding:
    return Finding(level=Level.ERROR, about="image", sentence=sentence, remedy=remedy)


def _warning(sentence: str, remedy: str) -> Finding:
    return Finding(level=Level.WARNING, about="image", sentence=sentence, remedy=remedy)
