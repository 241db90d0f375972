"""What a crate defines, beside what is registered here under the same names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from interfaces.catalogue.reading import Catalogue
from interfaces.component import Component
from interfaces.crates.definitions import component_document, interface_document, is_same
from interfaces.database.component_records import desired_image, desired_tarball, find_components
from interfaces.database.graph_records import find_graphs, graph_json
from interfaces.database.interface_records import find_interfaces
from interfaces.tarballs import TARBALL_SUFFIX, TarballKind

_IMAGE_ID = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_SHOWN = 19


def check_contained(catalogue: Catalogue, models: Path) -> None:
    """Refuse definitions that would have files of this machine read, or something built.

    Args:
        catalogue: The crate's definitions.
        models: The folder of the crate's models.

    Raises:
        DefinitionError: One does.
    """
    for component in catalogue.components:
        if not _IMAGE_ID.fullmatch(image_of(component)):
            raise catalogue.error(component, "must be the reference of an image by its id, in a crate", "image")
        if component.model is not None and component.model.parent != models.resolve():
            raise catalogue.error(component, "must be a model of the crate", "model")


def image_of(component: Component) -> str:
    """The id of a component's image in a crate."""
    return component.image.reference or ""


def new_components(session: Session, catalogue: Catalogue) -> list[Component]:
    """The components that are not registered with the same definition, image and model."""
    return [one for one in catalogue.components if any(True for _ in _component_differences(session, one))]


def differences(session: Session, catalogue: Catalogue) -> Iterator[str]:
    """What is registered under a name of the crate, but is something else; nothing where a name is new."""
    interfaces, graphs = find_interfaces(session), find_graphs(session)
    for interface in catalogue.interfaces:
        other = interfaces.get(interface.slug)
        if other is not None and not is_same(interface_document(other), interface_document(interface)):
            yield f"the interface '{interface.slug}'"
    known = find_components(session)
    for component in catalogue.components:
        if component.slug in known and (what := list(_component_differences(session, component))):
            yield f"the component '{component.slug}' ({', '.join(what)})"
    for graph in catalogue.graphs:
        before = graphs.get(graph.slug)
        if before is not None and not is_same(graph_json(before), graph_json(graph)):
            yield f"the graph '{graph.slug}'"


def _component_differences(session: Session, component: Component) -> Iterator[str]:
    known = find_components(session).get(component.slug)
    if known is None:
        yield "it is not registered"
        return
    if not is_same(component_document(known), component_document(component)):
        yield "its definition"
    image, there = desired_image(session, component.slug), image_of(component)
    if image is None or image.sha256 != there:
        yield f"its image, {image.sha256[:_SHOWN] if image else 'none'} here and {there[:_SHOWN]} in the crate"
    tarball = desired_tarball(session, owner=component.slug, kind=TarballKind.MODEL)
    model = component.model.name.removesuffix(TARBALL_SUFFIX) if component.model else None
    if (tarball.sha256 if tarball else None) != model:
        yield "its model"
