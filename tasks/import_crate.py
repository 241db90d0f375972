"""Import a crate: enough of it to run again what it tells of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from interfaces.catalogue.reading import Catalogue, read_catalogue
from interfaces.component import Component
from interfaces.crates.comparing import check_contained, differences, image_of, new_components
from interfaces.crates.inputs import store_inputs
from interfaces.crates.reading import ReadCrate, read_crate
from interfaces.crates.sources import open_crate
from interfaces.crates.taking import place_models, take_files
from interfaces.crates.terms import MODELS
from interfaces.database.interface_records import find_interfaces
from interfaces.definition import ComponentInterface
from interfaces.engine import get_engine
from interfaces.errors import DefinitionError, EngineError, ImageImportFailed, ValidationError
from interfaces.graph import Graph
from interfaces.graph_values import Carried
from interfaces.site import Site, get_site
from tasks.register import Registered, registered


@dataclass(frozen=True, kw_only=True)
class ImportedRun:
    """What a crate gave.

    Attributes:
        is_graph: Whether a graph ran, else a component.
        name: The slug of what ran: what `run_graph` or `run_component` takes.
        inputs: What it ran with, stored: what those take.
        outputs: The SHA-256 of what it gave by name; of a list, of each value.
        registered: What was registered, and what of it is new.
    """

    is_graph: bool
    name: str
    inputs: Mapping[str, Carried]
    outputs: Mapping[str, str | tuple[str, ...]]
    registered: Registered


def import_crate(
    path: Path | str, *, replace: bool = False, show: Callable[[str], None] = lambda line: None
) -> ImportedRun:
    """Register what a crate's run was made of, and store its inputs, so that it can be run again.

    Args:
        path: A folder or a ZIP file that `tasks.export_crate` has written, here or elsewhere.
        replace: Whether definitions here give way to those of the same name in the crate.
        show: Takes one line about each step.

    Raises:
        ValidationError: It is no such crate, a file in it is not what its metadata says, or something else is
            registered here under the same name.
        ImageImportFailed: A container image is neither in the engine nor in a registry; the text says which.
        InvalidInputs: One or more inputs are not valid, or are neither in the crate nor here.
        DefinitionError: A definition breaks a rule.
        EngineUnavailable: No container engine answers.
    """
    site = get_site()
    with open_crate(Path(path)) as source, site.scratch() as scratch:
        crate = read_crate(source, scratch)
        kept = take_files(source, crate, scratch)
        place_models(site, crate, kept)
        catalogue = read_catalogue(*(kept / place for place in crate.definitions))
        check_contained(catalogue, kept / MODELS)
        new = _new(site, catalogue, replace=replace)
        _bring_images(crate, new, show)
        done = registered(_files(catalogue, crate, kept, new), show=show)
        ran = _what_ran(catalogue, crate, kept)
        inputs = store_inputs(site, crate.inputs, _interfaces(site, ran), kept)
    return ImportedRun(
        is_graph=crate.is_graph,
        name=ran.slug,
        inputs=inputs,
        outputs={
            name: tuple(one.sha256 for one in value) if isinstance(value, list) else value.sha256
            for name, value in crate.outputs.items()
        },
        registered=done,
    )


def _new(site: Site, catalogue: Catalogue, *, replace: bool) -> list[Component]:
    """The components that are to be registered."""
    with site.database.session() as session:
        if not replace and (found := list(differences(session, catalogue))):
            raise ValidationError(
                f"what is registered here differs from the crate: {'; '.join(found)}; import it with --replace to take "
                "what the crate has, or into another COMPONENT_FLOWS_HOME"
            )
        return new_components(session, catalogue)


def _bring_images(crate: ReadCrate, components: list[Component], show: Callable[[str], None]) -> None:
    """See that the engine has the container images, by their ids."""
    engine = get_engine()
    missing: list[str] = []
    for component in components:
        sha256 = image_of(component)
        reference = crate.images.get(sha256, "")
        if engine.image(sha256) is not None:
            continue
        why = "" if reference else "no registry is named for it"
        if reference:
            show(f"{component.slug}: pulling {reference}")
            try:
                why = "" if engine.pull(reference).id == sha256 else f"{reference} is another image"
            except EngineError as error:
                why = str(error)
        if why:
            missing.append(f"the component '{component.slug}' needs the image {sha256} ({why})")
    if missing:
        raise ImageImportFailed(
            f"the container engine lacks images of the crate: {'; '.join(missing)}; load each with 'docker load' from "
            "an archive that 'docker save' wrote where the run was, and import the crate again"
        )


def _files(catalogue: Catalogue, crate: ReadCrate, kept: Path, new: list[Component]) -> list[Path]:
    """The definition files without those of components that are registered as they are."""
    known = {catalogue.origins[Component, one.slug].file for one in catalogue.components if one not in new}
    return [path for place in crate.definitions if (path := (kept / place).resolve()) not in known]


def _what_ran(catalogue: Catalogue, crate: ReadCrate, kept: Path) -> Component | Graph:
    tool = (kept / crate.tool).resolve()
    found: tuple[Component | Graph, ...] = catalogue.graphs if crate.is_graph else catalogue.components
    for one in found:
        if catalogue.origins[type(one), one.slug].file == tool:
            return one
    what = "graph" if crate.is_graph else "component"
    raise DefinitionError(f"'{crate.tool[:200]}' of the crate must define the {what} that ran")


def _interfaces(site: Site, ran: Component | Graph) -> dict[str, ComponentInterface]:
    """The registered interface of each input by its name."""
    slugs = dict(ran.inputs) if isinstance(ran, Graph) else {slug: slug for slug in ran.input_slugs}
    with site.database.session() as session:
        interfaces = find_interfaces(session, set(slugs.values()))
    return {name: interfaces[slug] for name, slug in slugs.items()}
