"""What a deployment of a component or graph is to be; nothing here knows Prefect."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from interfaces.component import Component
from interfaces.component_images import ComponentImage
from interfaces.database.graph_records import graph_json
from interfaces.forms.parameters import component_parameters, graph_parameters
from interfaces.graph import Graph
from interfaces.graph_ports import Definitions
from interfaces.json_values import canonical_json
from interfaces.previews.texts import markdown_text
from interfaces.settings_deploy import DeploySettings

PROJECT_TAG = "component-flows"
DEFAULT_QUEUE = "default"
SHOWN_DIGITS = 12


class Runs(StrEnum):
    """What a deployment runs."""

    COMPONENT = "component"
    GRAPH = "graph"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A work pool and a queue of it."""

    pool: str
    queue: str = DEFAULT_QUEUE


@dataclass(frozen=True, kw_only=True)
class DeploymentSpec:
    """A deployment as it is to be.

    Attributes:
        name: Slug of the component or graph.
        runs: Which of the two it is.
        description: Markdown.
        tags: What it is found by.
        version: Which image it runs, or which text of the graph: 12 hexadecimal digits.
        schema: JSON Schema of its parameters.
        place: Where its runs go.
    """

    name: str
    runs: Runs
    description: str
    tags: tuple[str, ...]
    version: str
    schema: Mapping[str, Any] = field(repr=False)
    place: Place

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters that are the same in each of its runs."""
        return {self.runs.value: self.name}


def site_tag(site_id: str) -> str:
    """The tag of the deployments that a site has made, and may change and remove."""
    return f"site:{site_id}"


def placed_tag(site_id: str) -> str:
    """The tag of the deployments through which a site's graphs, batches and evaluations place jobs in work pools."""
    return f"placed:{site_id}"


def component_spec(
    component: Component,
    known: Definitions,
    *,
    image: ComponentImage | None,
    settings: DeploySettings,
    pool: str | None,
    site_id: str,
    where: str,
) -> DeploymentSpec:
    """The deployment of a component.

    Args:
        component: The component.
        known: The definitions that it uses.
        image: The version that new jobs use, or None where it has none.
        settings: Which says where runs go.
        pool: The work pool in place of the settings'.
        site_id: The site's.
        where: Where input files may lie, for people.
    """
    titles = {slug: interface.title for slug, interface in known.interfaces.items()}
    lines = [f"{_named(each.inputs, titles)} → {_named(each.outputs, titles)}" for each in component.interfaces]
    limits = f"{component.time_limit} s, {component.memory_gb:g} GB" + (
        f", {markdown_text(component.gpu_type)}" if component.gpu_type else ""
    )
    return DeploymentSpec(
        name=component.slug,
        runs=Runs.COMPONENT,
        description=_described(component.title, component.description, [*lines, limits]),
        tags=_tags(Runs.COMPONENT, site_id),
        version=image.sha256.removeprefix("sha256:")[:SHOWN_DIGITS] if image else "",
        schema=component_parameters(component, known.interfaces, where=where),
        place=place_of([component], settings, pool),
    )


def graph_spec(
    graph: Graph, known: Definitions, *, settings: DeploySettings, pool: str | None, site_id: str, where: str
) -> DeploymentSpec:
    """The deployment of a graph; see `component_spec`."""
    components = list(components_within(graph, known))
    nodes = ", ".join(markdown_text(name) for name in graph.nodes)
    return DeploymentSpec(
        name=graph.slug,
        runs=Runs.GRAPH,
        description=_described(graph.title, graph.description, [f"Nodes: {nodes}"]),
        tags=_tags(Runs.GRAPH, site_id),
        version=sha256(canonical_json(graph_json(graph))).hexdigest()[:SHOWN_DIGITS],
        schema=graph_parameters(graph, known, where=where),
        place=place_of(components, settings, pool),
    )


def place_of(components: Collection[Component], settings: DeploySettings, pool: str | None = None) -> Place:
    """Where runs go that need all that these components need: all of a graph's jobs run on one machine.

    Args:
        components: What is run.
        settings: The rules; the first that fits is taken.
        pool: The work pool in place of that of the settings and rules.
    """
    memory_gb = max((one.memory_gb for one in components), default=0)
    gpu_types = {one.gpu_type for one in components if one.gpu_type}
    for rule in settings.pools:
        fits_gpu = rule.gpu_type is None or rule.gpu_type in gpu_types
        if fits_gpu and (rule.min_memory_gb is None or memory_gb >= rule.min_memory_gb):
            return Place(pool=pool or rule.pool or settings.pool, queue=rule.queue or DEFAULT_QUEUE)
    return Place(pool=pool or settings.pool)


def components_within(graph: Graph, known: Definitions) -> Iterable[Component]:
    """The components of a graph and of the graphs within it, each once."""
    seen, todo = {graph.slug}, [graph]
    slugs: dict[str, None] = {}
    while todo:
        one = todo.pop()
        slugs |= {node.component: None for node in one.nodes.values() if node.component}
        inner = {node.graph for node in one.nodes.values() if node.graph} - seen
        seen |= inner
        todo += [known.graphs[slug] for slug in sorted(inner) if slug in known.graphs]
    return [known.components[slug] for slug in slugs if slug in known.components]


def _tags(runs: Runs, site_id: str) -> tuple[str, ...]:
    return tuple(sorted((PROJECT_TAG, runs.value, site_tag(site_id))))


def _named(slugs: Sequence[str], titles: Mapping[str, str]) -> str:
    return ", ".join(markdown_text(titles.get(slug, slug)) for slug in slugs) or "nothing"


def _described(title: str, description: str, lines: Sequence[str]) -> str:
    paragraphs = [f"**{markdown_text(title)}**", markdown_text(description), "\n".join(f"- {line}" for line in lines)]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
