"""Register definitions: all of them, or none where one is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from interfaces.access import check_definitions
from interfaces.catalogue.reading import Catalogue, read_catalogue
from interfaces.component import Component
from interfaces.database.component_records import (
    desired_image,
    find_components,
    save_component,
    save_image,
    save_tarball,
)
from interfaces.database.graph_records import find_graphs, save_graph
from interfaces.database.interface_records import (
    find_interfaces,
    find_refusals,
    save_default_interfaces,
    save_interface,
    unknown,
)
from interfaces.database.look_up_table_records import find_look_up_tables, save_look_up_table
from interfaces.definition import ComponentInterface
from interfaces.engine import get_engine
from interfaces.errors import DefinitionError, DefinitionErrors
from interfaces.graph import Graph
from interfaces.graph_check import find_problems
from interfaces.graph_ports import Definitions
from interfaces.kinds import InterfaceKindChoices
from interfaces.site import Site, get_site
from interfaces.storage.stored_file import StoredFile
from interfaces.tarballs import TarballKind
from tasks.announcing import announce_changed
from tasks.import_image import ImportedImage, import_image
from tasks.import_tarball import import_ground_truth, import_model
from tasks.in_thread import in_thread
from tasks.register_phases import phase_errors, save_phases
from tasks.run_logging import show_in_run


class Registered(BaseModel):
    """What a registration did.

    Attributes:
        interfaces: Slugs of all interfaces that were read.
        components: Slugs of all components.
        graphs: Slugs of all graphs.
        phases: Slugs of all phases.
        changed: What was new or changed, as ``kind slug``; empty where everything was there already.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    interfaces: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    graphs: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def registered(paths: Sequence[str | Path], *, show: Callable[[str], None] = lambda line: None) -> Registered:
    """Read, check and register definitions; doing it again changes nothing.

    Args:
        paths: YAML files or folders that hold them.
        show: Takes one line about each step.

    Raises:
        DefinitionError: A definition breaks a rule; nothing was registered.
        DefinitionErrors: Several do; nothing was registered.
        ImageImportFailed: A container image was refused; nothing was registered.
    """
    check_definitions(paths)
    site = get_site()
    with site.database.session() as session:
        catalogue = read_catalogue(*paths, look_up_tables=find_look_up_tables(session))
        check_catalogue(session, catalogue)
        session.rollback()
    images = {one.slug: _image(site, one, show) for one in catalogue.components}
    models = {one.slug: import_model(site, one, show=show) for one in catalogue.components}
    ground_truths = {one.slug: import_ground_truth(site, one, show=show) for one in catalogue.phases}
    with site.database.session() as session:
        changed = _save(session, catalogue, images, models)
        changed += save_phases(session, catalogue.phases, ground_truths)
    return Registered(
        interfaces=tuple(one.slug for one in catalogue.interfaces),
        components=tuple(one.slug for one in catalogue.components),
        graphs=tuple(one.slug for one in catalogue.graphs),
        phases=tuple(one.slug for one in catalogue.phases),
        changed=tuple(changed),
    )


def check_catalogue(session: Session, catalogue: Catalogue) -> None:
    """Refuse definitions that don't fit together with each other and with what is registered.

    Raises:
        DefinitionError: One problem, with its file, line and key.
        DefinitionErrors: Several; `.problems` holds them all.
    """
    problems = list(_interface_problems(session, catalogue))
    interfaces = find_interfaces(session)
    components, graphs = find_components(session), find_graphs(session)
    problems += _name_problems(catalogue, components, graphs)
    for component in catalogue.components:
        problems += _slug_problems(catalogue, component, interfaces)
    components |= {one.slug: one for one in catalogue.components}
    graphs |= {one.slug: one for one in catalogue.graphs}
    known = Definitions(components=components, interfaces=interfaces, graphs=graphs)
    for graph in catalogue.graphs:
        found = find_problems(graph, known)
        problems += [catalogue.error(graph, problem.text, *problem.key) for problem in found]
    problems += phase_errors(session, catalogue, known)
    if problems:
        raise problems[0] if len(problems) == 1 else DefinitionErrors(problems)


def _interface_problems(session: Session, catalogue: Catalogue) -> Iterator[DefinitionError]:
    save_default_interfaces(session)
    for table in catalogue.look_up_tables:
        save_look_up_table(session, table)
    for interface in catalogue.interfaces:
        refusals = find_refusals(session, interface)
        for name, why in refusals.items():
            yield catalogue.error(interface, why, name)
        if not refusals:
            save_interface(session, interface)


def _name_problems(
    catalogue: Catalogue, components: Mapping[str, Component], graphs: Mapping[str, Graph]
) -> Iterator[DefinitionError]:
    known: dict[str, Mapping[str, Component | Graph]] = {"component": components, "graph": graphs}
    definitions: list[Component | Graph] = [*catalogue.components, *catalogue.graphs]
    for definition in definitions:
        own = "component" if isinstance(definition, Component) else "graph"
        for what, registered_ones in known.items():
            if what != own and definition.slug in registered_ones:
                yield catalogue.error(definition, f"a {what} '{definition.slug}' is registered; choose another title")
            for slug, other in registered_ones.items():
                if other.title == definition.title and slug != definition.slug:
                    message = f"the {what} '{slug}' has the same title; choose another"
                    yield catalogue.error(definition, message, "title")


def _slug_problems(
    catalogue: Catalogue, component: Component, interfaces: Mapping[str, ComponentInterface]
) -> Iterator[DefinitionError]:
    for index, each in enumerate(component.interfaces):
        for key, slugs in (("inputs", each.inputs), ("outputs", each.outputs)):
            for position, slug in enumerate(slugs):
                where = ("interfaces", index, key, position)
                if slug not in interfaces:
                    yield catalogue.error(component, str(unknown("interface", slug, interfaces)), *where)
                elif key == "outputs" and interfaces[slug].kind == InterfaceKindChoices.DICOM_IMAGE_SET:
                    yield catalogue.error(
                        component, f"'{slug}' is a DICOM image set, which can only be an input", *where
                    )


def _image(site: Site, component: Component, show: Callable[[str], None]) -> ImportedImage:
    with site.database.session() as session:
        known = desired_image(session, component.slug)
    image = import_image(site, component, engine=get_engine(), on_line=show)
    if known is None or known.sha256 != image.sha256:
        show(f"{component.slug}: container image {image.sha256[7:19]} from {image.source}")
    return image


def _save(
    session: Session,
    catalogue: Catalogue,
    images: dict[str, ImportedImage],
    models: dict[str, StoredFile | None],
) -> list[str]:
    save_default_interfaces(session)  # which nobody has defined, so that nobody is told
    changed = [
        f"look-up table {table.title}" for table in catalogue.look_up_tables if save_look_up_table(session, table)[1]
    ]
    changed += [
        f"interface {interface.slug}" for interface in catalogue.interfaces if save_interface(session, interface)[1]
    ]
    for component in catalogue.components:
        if save_component(session, component):
            changed.append(f"component {component.slug}")
        image, before = images[component.slug], desired_image(session, component.slug)
        after = save_image(
            session,
            component=component.slug,
            sha256=image.sha256,
            source=image.source,
            fingerprint=image.fingerprint,
            user=image.user,
            size=image.size,
            registry_reference=image.registry_reference,
        )
        if before is None or before.sha256 != after.sha256:
            changed.append(f"image {component.slug}")
        model = models[component.slug]
        save_tarball(
            session,
            owner=component.slug,
            kind=TarballKind.MODEL,
            sha256=model.sha256 if model else None,
            size=model.size if model else 0,
        )
    changed += [f"graph {graph.slug}" for graph in catalogue.graphs if save_graph(session, graph)]
    return changed


@task(name="register definitions", task_run_name="register definitions", cache_policy=NO_CACHE)
async def register_definitions(paths: list[str]) -> Registered:
    """Register definitions; see `registered`. Announces each version of an image that new jobs use from now on."""
    done = await in_thread(registered, paths, show=show_in_run())
    announce_changed(done.changed)
    return done
