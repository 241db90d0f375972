"""``component:`` in a definition file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slugify import slugify

from interfaces.catalogue.yaml_source import YamlSource
from interfaces.component import Component, ImageSource, InterfaceSet, Method
from interfaces.errors import DefinitionError
from interfaces.settings import get_settings

KEYS = ("title", "slug", "description", "image", "interfaces", "time_limit", "memory_gb", "gpu_type", "model", "method")
IMAGE_KEYS = ("build", "archive", "reference")
ROOT = "component"


def read_component(source: YamlSource) -> Component:
    """The component of a file.

    Raises:
        DefinitionError: The first problem, with its line and key.
    """
    data = source.mapping((ROOT,), required=("title", "image", "interfaces"), known=KEYS)
    title = source.typed((ROOT, "title"), str)
    slug = source.typed((ROOT, "slug"), str, slugify(title))
    if not slug or slug != slugify(slug):
        raise source.error(
            (ROOT, "slug" if "slug" in data else "title"), f"the slug '{slug}' may hold only a-z, 0-9, -"
        )
    return Component(
        title=title,
        slug=slug,
        description=source.typed((ROOT, "description"), str, ""),
        image=_image(source),
        interfaces=tuple(_sets(source)),
        time_limit=_time_limit(source),
        memory_gb=_memory(source),
        gpu_type=_one_of(source, "gpu_type", get_settings().gpu_types, ""),
        model=_existing(source, (ROOT, "model"), folder=False) if data.get("model") else None,
        method=Method(_one_of(source, "method", tuple(Method), Method.EXEC)),
    )


def _existing(source: YamlSource, path: tuple[str | int, ...], *, folder: bool) -> Path:
    text: str = source.typed(path, str)
    found = (source.file.parent / text).absolute()
    if not (found.is_dir() if folder else found.is_file()):
        raise source.error(path, f"the {'folder' if folder else 'file'} {found} does not exist")
    return found.resolve()


def _image(source: YamlSource) -> ImageSource:
    path = (ROOT, "image")
    data = source.mapping(path, known=IMAGE_KEYS)
    if len(data) != 1:
        raise source.error(path, f"needs exactly one of {', '.join(IMAGE_KEYS)}")
    (key,) = data
    if key == "reference":
        return ImageSource(reference=source.typed((*path, key), str))
    if key == "archive":
        return ImageSource(archive=_existing(source, (*path, key), folder=False))
    folder = _existing(source, (*path, key), folder=True)
    if not (folder / "Dockerfile").is_file():
        raise source.error((*path, key), f"the folder {folder} has no Dockerfile")
    return ImageSource(build=folder)


def _sets(source: YamlSource) -> Iterator[InterfaceSet]:
    path = (ROOT, "interfaces")
    entries = source.typed(path, list)
    if not entries:
        raise source.error(path, "needs at least one set of inputs and outputs")
    seen: set[frozenset[str]] = set()
    for index in range(len(entries)):
        source.mapping((*path, index), required=("inputs", "outputs"), known=("inputs", "outputs"))
        inputs, outputs = (_slugs(source, (*path, index, key)) for key in ("inputs", "outputs"))
        if not outputs:
            raise source.error((*path, index, "outputs"), "needs at least one output")
        if frozenset(inputs) in seen:
            raise source.error((*path, index, "inputs"), "another set has the same inputs; inputs pick the set")
        seen.add(frozenset(inputs))
        yield InterfaceSet(inputs=inputs, outputs=outputs)


def _slugs(source: YamlSource, path: tuple[str | int, ...]) -> tuple[str, ...]:
    slugs = tuple(source.typed((*path, index), str) for index in range(len(source.typed(path, list))))
    for slug in slugs:
        if slugs.count(slug) > 1:
            raise source.error(path, f"'{slug}' is there twice")
    return slugs


def _time_limit(source: YamlSource) -> int:
    limits = get_settings().limits
    seconds: int = source.typed((ROOT, "time_limit"), int, Component.time_limit)
    if not limits.min_time_limit_s <= seconds <= limits.max_time_limit_s:
        bounds = f"{limits.min_time_limit_s} to {limits.max_time_limit_s}"
        raise source.error((ROOT, "time_limit"), f"{seconds} s is outside this site's {bounds} s")
    return seconds


def _memory(source: YamlSource) -> float:
    limits = get_settings().limits
    memory: float = source.typed((ROOT, "memory_gb"), (int, float), Component.memory_gb)
    # Written so that NaN is refused, too.
    if not limits.min_memory_gb <= memory <= (limits.max_memory_gb or float(2**20)):
        bounds = f"{limits.min_memory_gb} to {limits.max_memory_gb or 'as much as the machine has'}"
        raise source.error((ROOT, "memory_gb"), f"{memory} GB is outside this site's {bounds} GB")
    return memory


def _one_of(source: YamlSource, key: str, known: tuple[str, ...], default: str) -> str:
    value: str = source.typed((ROOT, key), str, default)
    if value not in known:
        raise source.error(
            (ROOT, key), f"'{value}' is not known; known are {', '.join(repr(str(one)) for one in known)}"
        )
    return value


def read_components(source: YamlSource) -> Iterator[Component | DefinitionError]:
    """The component of a file, or its error."""
    try:
        yield read_component(source)
    except DefinitionError as error:
        yield error
