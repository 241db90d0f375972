"""Look at a folder with a component before it is registered: its definition, its build context, its image."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from interfaces.catalogue.reading import Catalogue, read_catalogue
from interfaces.component import Component
from interfaces.containers.engine_facts import image_from
from interfaces.containers.protocol import ContainerEngine, ImageInfo
from interfaces.database.look_up_table_records import find_look_up_tables
from interfaces.engine import get_engine
from interfaces.errors import DefinitionError, DefinitionErrors, EngineError, ImageImportFailed
from interfaces.findings import Finding, Level, errors_in
from interfaces.gpu_leases import GpuMissing, check_gpu
from interfaces.image_archives.reading import read_image_archive
from interfaces.image_lint import lint_image
from interfaces.site import Site, get_site
from tasks.import_image import base_image
from tasks.obtain_image import LABELS
from tasks.register import check_catalogue

GB = 2**30
LARGE_CONTEXT_BYTES = 100 * 2**20
"""A build sends its whole folder to the engine, each time."""


@dataclass(frozen=True, kw_only=True)
class Linted:
    """What a look at a folder gave.

    Attributes:
        component: The component; None where its definition is wrong.
        findings: Errors first.
    """

    component: Component | None
    findings: tuple[Finding, ...]

    @property
    def has_errors(self) -> bool:
        """Whether it can't be registered or run as it is."""
        return bool(errors_in(self.findings))


def linted(folder: Path, *, on_line: Callable[[str], None] = lambda line: None) -> Linted:
    """Look at a component that is not registered yet. Its image is built, and kept as a cache for the next build.

    Args:
        folder: With a component.yaml, and the interfaces that are not registered.
        on_line: Takes what a build prints.

    Raises:
        EngineUnavailable: No container engine answers.
    """
    site = get_site()
    try:
        component = read_one(site, folder)
    except DefinitionErrors as error:
        return Linted(component=None, findings=tuple(_definition(one) for one in error.problems))
    except DefinitionError as error:
        return Linted(component=None, findings=(_definition(error),))
    engine = get_engine()
    found = [*_context(component), *_machine(component, engine), *_image(site, component, engine, on_line)]
    return Linted(component=component, findings=tuple(sorted(found, key=lambda one: one.level is not Level.ERROR)))


def read_one(site: Site, folder: Path) -> Component:
    """The one component of a folder, checked against all that is registered.

    Raises:
        DefinitionError: A definition is wrong, or there is not exactly one component.
        DefinitionErrors: Several definitions are.
    """
    with site.database.session() as session:
        catalogue: Catalogue = read_catalogue(folder, look_up_tables=find_look_up_tables(session))
        check_catalogue(session, catalogue)
        session.rollback()
    if len(catalogue.components) != 1:
        slugs = ", ".join(one.slug for one in catalogue.components) or "none"
        raise DefinitionError(f"one component is tried at a time, and here are: {slugs}; name its folder", file=folder)
    return catalogue.components[0]


def try_tag(component: Component) -> str:
    """The name under which a tried image stays in the engine, so that the next build is quick."""
    return f"component-flows/{component.slug}:try"


def _definition(error: DefinitionError) -> Finding:
    return Finding(level=Level.ERROR, about="component.yaml", sentence=str(error))


def _context(component: Component) -> Iterator[Finding]:
    folder = component.image.build
    if folder is None or (folder / ".dockerignore").exists():
        return
    sizes: dict[str, int] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            first = path.relative_to(folder).parts[0]
            sizes[first] = sizes.get(first, 0) + path.lstat().st_size
    total = sum(sizes.values())
    if total > LARGE_CONTEXT_BYTES:
        largest = max(sizes, key=lambda name: sizes[name])
        yield Finding(
            level=Level.WARNING,
            about="folder",
            sentence=f"each build sends {total / 2**20:.0f} MB to the engine, most of it '{largest}', and there is no "
            ".dockerignore",
            remedy=f"name what the image does not need in {folder / '.dockerignore'}",
        )


def _machine(component: Component, engine: ContainerEngine) -> Iterator[Finding]:
    info = engine.info()
    if component.memory_gb * GB > info.memory_bytes:
        yield Finding(
            level=Level.WARNING,
            about="machine",
            sentence=f"memory_gb is {component.memory_gb:g}, and this machine has {info.memory_bytes / GB:.1f} GB",
            remedy="a job may take all of the machine's memory; ask for less, or run it elsewhere",
        )
    try:
        check_gpu(component.gpu_type, info.gpus)
    except GpuMissing as error:
        yield Finding(
            level=Level.ERROR, about="machine", sentence=str(error), remedy="run it on a machine that has one"
        )


def _image(
    site: Site, component: Component, engine: ContainerEngine, on_line: Callable[[str], None]
) -> Iterator[Finding]:
    try:
        image = _looked_up(site, component, engine, on_line)
    except (EngineError, ImageImportFailed, DefinitionError) as error:
        yield Finding(level=Level.ERROR, about="image", sentence=str(error))
        return
    yield from lint_image(image, component, max_bytes=site.settings.limits.image_bytes)


def _looked_up(site: Site, component: Component, engine: ContainerEngine, on_line: Callable[[str], None]) -> ImageInfo:
    source = component.image
    if source.build is not None:
        base = base_image(engine)
        arguments = {"BASE": base.repo_tags[0]} if base and base.repo_tags else {}
        # With the labels of a registered image, so that it is the same image and need not be built again.
        tag = try_tag(component)
        return engine.build(source.build, tag=tag, build_arguments=arguments, labels=LABELS, on_line=on_line)
    if source.archive is not None:
        archive = read_image_archive(source.archive, max_bytes=site.settings.limits.image_bytes)
        document = json.loads(archive.config)
        return image_from(
            {
                "Id": archive.sha256,
                "Config": document.get("config"),
                "Architecture": document.get("architecture"),
                "Os": document.get("os"),
                "Size": archive.size_bytes,
                "RootFS": {"Layers": archive.layers},
            }
        )
    assert source.reference is not None  # ImageSource holds exactly one
    found = engine.image(source.reference)
    if found is None:
        raise EngineError(f"the engine has no image {source.reference}; pull or build it there")
    return found
