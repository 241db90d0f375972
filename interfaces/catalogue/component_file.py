"""``component:`` in a definition file: a container image, its inputs and outputs, its limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from interfaces.catalogue.section import Section
from interfaces.catalogue.yaml_source import KeyPath, YamlSource
from interfaces.component import Component, ImageSource, InterfaceSet, Method
from interfaces.errors import DefinitionError
from interfaces.settings import get_settings

ROOT = "component"
REQUIRED = ("title", "image", "interfaces")
KEYS = (*REQUIRED, "slug", "description", "time_limit", "memory_gb", "gpu_type", "model", "method")
IMAGE_KEYS = ("build", "archive", "reference")
SET_KEYS = ("inputs", "outputs")
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz")
TARBALLS = (".tar.gz", ".tgz")

# Registry and path, then a tag, a digest or both; or an image's id. See
# https://github.com/distribution/reference/blob/main/reference.go for the grammar; upper case is for host names only.
_REFERENCE = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]{0,127})?"
    r"(?:@sha256:[0-9a-f]{64})?|sha256:[0-9a-f]{64}",
    re.ASCII,
)
_MAX_REFERENCE = 512


def read_component(source: YamlSource, problems: list[DefinitionError]) -> Iterator[tuple[Component, KeyPath]]:
    """The component of a file with its place in it; nothing where it has a problem.

    Args:
        source: A file with the key ``component``; paths in it are relative to the file's folder.
        problems: Takes what is wrong.
    """
    before = len(problems)
    section = Section(source, (ROOT,), problems, known=KEYS, required=REQUIRED)
    title, slug = section.title_and_slug()
    image, interfaces = _image(section), tuple(_sets(section))
    limits = get_settings().limits
    component = Component(
        title=title,
        slug=slug,
        description=section.lines("description"),
        image=image or ImageSource(reference="none"),
        interfaces=interfaces,
        time_limit=section.whole_number(
            "time_limit",
            min(max(Component.time_limit, limits.min_time_limit_s), limits.max_time_limit_s),
            bounds=(limits.min_time_limit_s, limits.max_time_limit_s),
            unit=" s",
        ),
        memory_gb=section.number(
            "memory_gb",
            min(max(Component.memory_gb, limits.min_memory_gb), limits.max_memory_gb or Component.memory_gb),
            bounds=(limits.min_memory_gb, limits.max_memory_gb),
            unit=" GB",
        ),
        gpu_type=section.one_of("gpu_type", get_settings().gpu_types, ""),
        model=existing_file(section, "model", suffixes=TARBALLS) if section.has("model") else None,
        method=Method(section.one_of("method", tuple(Method), Method.EXEC)),
    )
    if len(problems) == before:
        yield component, (ROOT,)


def _image(section: Section) -> ImageSource | None:
    if "image" not in section.data:
        return None
    image = section.section("image", known=IMAGE_KEYS)
    if len(image.data) == 1 and not image.faulty:
        return _image_source(image, next(iter(image.data)))
    if isinstance(section.data["image"], dict) and not image.faulty:
        section.problem(f"needs exactly one of {', '.join(IMAGE_KEYS)}", "image")
    return None


def _image_source(image: Section, key: str) -> ImageSource | None:
    image.required = (key,)
    if key == "build":
        folder = _existing(image, key)
        if folder and not folder.is_dir():
            image.problem(f"must be a folder with a Dockerfile, but {folder} is a file", key)
        elif folder and not (folder / "Dockerfile").is_file():
            image.problem(f"must be a folder with a Dockerfile, but {folder} has none", key)
        if folder and not image.faulty:
            return ImageSource(build=folder)
    elif key == "archive":
        if archive := existing_file(image, key, suffixes=ARCHIVES):
            return ImageSource(archive=archive)
    elif reference := image.text(key):
        if len(reference) <= _MAX_REFERENCE and _REFERENCE.fullmatch(reference):
            return ImageSource(reference=reference)
        image.problem(f"'{reference[:100]}' is no name of an image, such as 'name:tag'", key)
    return None


def _existing(section: Section, key: str) -> Path | None:
    text = section.text(key)
    if not text:
        return None
    path = section.source.file.parent / text
    try:
        if path.exists():
            return path.resolve()
        siblings = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
    except OSError as error:
        section.problem(f"'{text[:100]}' can't be reached: {error.strerror}", key)
        return None
    near = get_close_matches(path.name, siblings, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    section.problem(f"{path} does not exist{hint}", key)
    return None


def existing_file(section: Section, key: str, *, suffixes: tuple[str, ...]) -> Path | None:
    """A file that a key names, relative to the definition's own folder; None where there is a problem with it."""
    path = _existing(section, key)
    if path is None:
        return None
    if not path.is_file():
        section.problem(f"must be a file, but {path} is none", key)
    elif not path.name.lower().endswith(suffixes):
        section.problem(f"must end in {' or '.join(suffixes)}, not {path.name}", key)
    return None if key in section.faulty else path


def _sets(section: Section) -> Iterator[InterfaceSet]:
    seen: dict[frozenset[str], int] = {}
    for index in section.entries("interfaces", wanted="at least one set of inputs and outputs"):
        entry = section.section("interfaces", index, known=SET_KEYS, required=SET_KEYS)
        made = InterfaceSet(inputs=entry.texts("inputs"), outputs=entry.texts("outputs", wanted="at least one output"))
        first = seen.setdefault(frozenset(made.inputs), index)
        if first != index and not entry.faulty:
            message = f"are the same as in interfaces[{first}]; a job's inputs pick the set, so they must differ"
            entry.problem(message, "inputs")
        yield made
