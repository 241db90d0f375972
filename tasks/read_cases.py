"""What cases are to be run through, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from interfaces.access import is_limited
from interfaces.archives import Archive, cases_of_archive, find_archive, list_archives
from interfaces.case_folders import cases_of_folder
from interfaces.case_tables import cases_of_table
from interfaces.cases import CaseInputs, CaseSource, cases_of_frame, cases_of_records
from interfaces.component import Component
from interfaces.database.component_records import desired_image, desired_tarball
from interfaces.database.interface_records import find_interfaces
from interfaces.database.runnable_records import find_component_or_graph
from interfaces.definition import ComponentInterface
from interfaces.errors import CasesInvalid, DefinitionError, UnknownName
from interfaces.graph import Graph
from interfaces.graph_ports import Definitions
from interfaces.site import get_site
from interfaces.tarballs import TarballKind
from tasks.limited_cases import limited_cases, only_allowed

ARCHIVE_PREFIX = "archive:"


@dataclass(frozen=True, kw_only=True)
class Runnable:
    """A component or graph that cases are run through.

    Attributes:
        name: Its slug.
        is_graph: Whether it is a graph.
        inputs: What its cases may and must have.
        outputs: The interface of each output by its name.
        components: The slugs of what its nodes run, one for each; a graph within it counts once.
        identity: Changes with whatever makes a case's outputs others: images, models, edges.
    """

    name: str
    is_graph: bool
    inputs: CaseInputs
    outputs: Mapping[str, ComponentInterface]
    components: tuple[str, ...]
    identity: str


def find_runnable(name: str) -> Runnable:
    """What is registered under a name.

    Raises:
        UnknownName: Nothing is, or both a component and a graph are.
    """
    with get_site().database.session() as session:
        found, definitions = find_component_or_graph(session, name)
    return _of_graph(found, definitions) if isinstance(found, Graph) else _of_component(found, definitions)


def _of_component(component: Component, definitions: Definitions) -> Runnable:
    known = definitions.interfaces
    needed = [{slug for slug in one.inputs if known[slug].default_value is None} for one in component.interfaces]
    return Runnable(
        name=component.slug,
        is_graph=False,
        inputs=CaseInputs(
            of=f"the component '{component.slug}'",
            interfaces={slug: known[slug] for slug in _in_order(one.inputs for one in component.interfaces)},
            sets=tuple(map(frozenset, needed)),
        ),
        outputs={slug: known[slug] for slug in _in_order(one.outputs for one in component.interfaces)},
        components=(component.slug,),
        identity=_identity([component.slug], definitions, component.interfaces),
    )


def _of_graph(graph: Graph, definitions: Definitions) -> Runnable:
    ports, known = definitions.graph_inputs(graph), definitions.interfaces
    graphs = _graphs_in(graph, definitions)
    components = tuple(node.component for one in graphs for node in one.nodes.values() if node.component)
    shape = [[one.slug, one.inputs, sorted(one.lists), one.nodes, one.outputs] for one in graphs]
    outputs = {name: definitions.source(graph, source) for name, source in graph.outputs.items()}
    return Runnable(
        name=graph.slug,
        is_graph=True,
        inputs=CaseInputs(
            of=f"the graph '{graph.slug}'",
            interfaces={name: known[port.interface] for name, port in ports.items()},
            sets=(frozenset(name for name, port in ports.items() if not port.may_lack),),
            lists=frozenset(name for name, port in ports.items() if port.is_list),
        ),
        outputs={name: known[port.interface] for name, port in outputs.items() if port is not None},
        components=components,
        identity=_identity(components, definitions, shape),
    )


def _in_order(slugs: Any) -> list[str]:
    return list(dict.fromkeys(slug for some in slugs for slug in some))


def _graphs_in(graph: Graph, definitions: Definitions) -> list[Graph]:
    """The graph itself and those that its nodes are, at any depth, each once."""
    found = [graph]
    for one in found:
        nested = [definitions.graphs[node.graph] for node in one.nodes.values() if node.graph in definitions.graphs]
        found += [other for other in nested if other not in found]
    return found


def _identity(components: Sequence[str], definitions: Definitions, *shape: object) -> str:
    """What makes outputs what they are, besides the inputs. Limits don't: a success is one under any."""
    parts = [repr(one) for one in shape]
    with get_site().database.session() as session:
        for slug in sorted({*components} & {*definitions.components}):
            component = definitions.components[slug]
            image = desired_image(session, slug)
            model = desired_tarball(session, owner=slug, kind=TarballKind.MODEL) if component.model else None
            parts += [slug, component.gpu_type, component.method.value, str(component.interfaces)]
            parts += [image.sha256 if image else "", model.sha256 if model else ""]
            for interface in sorted(component.input_slugs | component.output_slugs):
                parts.append(repr(definitions.interfaces[interface]))
    return sha256("\n".join(parts).encode()).hexdigest()


def any_inputs() -> CaseInputs:
    """The inputs of cases that go into an archive: any registered interface, and none in particular."""
    with get_site().database.session() as session:
        return CaseInputs(of="this site", interfaces=find_interfaces(session))


def open_cases(cases: Any, inputs: CaseInputs) -> CaseSource:
    """Cases from wherever they are.

    Args:
        cases: A CSV file or a folder (a path), an archive (its slug, also as ``archive:SLUG``, or an `Archive`), a
            DataFrame, or a list of dicts.
        inputs: What they may and must have.

    Raises:
        CasesInvalid: They can't be used; holds all problems.
        UnknownName: There is no such file, folder or archive.
    """
    source = _opened(cases, inputs)
    return only_allowed(source) if is_limited() else source


def _opened(cases: Any, inputs: CaseInputs) -> CaseSource:
    if isinstance(cases, pd.DataFrame):
        return cases_of_frame(cases, inputs)
    if isinstance(cases, Archive):
        return cases_of_archive(cases, inputs)
    if isinstance(cases, str | Path):
        return _named(cases, inputs)
    if isinstance(cases, Sequence):
        return cases_of_records(cases, inputs)
    raise DefinitionError(
        f"cases are a CSV file, a folder, an archive, a DataFrame or a list of dicts, not {type(cases).__name__}"
    )


def _named(cases: str | Path, inputs: CaseInputs) -> CaseSource:
    if isinstance(cases, str) and cases.startswith(ARCHIVE_PREFIX):
        return cases_of_archive(find_archive(cases.removeprefix(ARCHIVE_PREFIX)), inputs)
    slugs = [archive.slug for archive, _ in list_archives()] if isinstance(cases, str) else []
    if is_limited():
        return cases_of_archive(find_archive(str(cases)), inputs) if cases in slugs else limited_cases(cases, inputs)
    path = Path(cases).expanduser()
    if path.exists() and cases in slugs:
        raise CasesInvalid(
            str(cases), [f"it is both a path and an archive; write ./{cases} or {ARCHIVE_PREFIX}{cases}"]
        )
    if path.is_dir():
        return cases_of_folder(path, inputs)
    if path.exists():
        return cases_of_table(path, inputs)
    if cases in slugs:
        return cases_of_archive(find_archive(str(cases)), inputs)
    raise UnknownName(f"there is no file, folder or archive '{cases}'; the archives are {', '.join(slugs) or 'none'}")
