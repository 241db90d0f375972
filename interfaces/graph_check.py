"""The static check of a graph: every problem at once, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from interfaces.component import Component, InterfaceSet
from interfaces.definition import ComponentInterface
from interfaces.edges import interfaces_compatible
from interfaces.errors import ValidationError
from interfaces.graph import Graph, Node, Source


def check_graph(
    graph: Graph, *, components: Mapping[str, Component], interfaces: Mapping[str, ComponentInterface]
) -> tuple[str, ...]:
    """Look for everything that keeps a graph from running.

    Args:
        graph: The graph.
        components: The known components by slug.
        interfaces: The known interfaces by slug.

    Returns:
        One sentence a problem; empty for a graph that can run.
    """
    return tuple(_Check(graph, components, interfaces).problems())


class _Check:
    def __init__(
        self, graph: Graph, components: Mapping[str, Component], interfaces: Mapping[str, ComponentInterface]
    ) -> None:
        self.graph, self.components, self.interfaces = graph, components, interfaces
        self.sets = {name: self._picked(node) for name, node in graph.nodes.items()}

    def problems(self) -> Iterator[str]:
        if not self.graph.nodes:
            yield "the graph has no nodes"
        for name, slug in self.graph.inputs.items():
            if slug not in self.interfaces:
                yield f"the input '{name}' names the unknown interface '{slug}'{_near(slug, self.interfaces)}"
        for name, node in self.graph.nodes.items():
            yield from self._node(name, node)
        for name, source in self.graph.outputs.items():
            if problem := self._source(source):
                yield f"the output '{name}' {problem}"
        if cycle := self.graph.cycle():
            yield f"the nodes {' -> '.join(cycle)} need each other in a circle"
        for name in self.graph.inputs:
            if not any(source == Source(node=None, name=name) for source in self._sources()):
                yield f"the input '{name}' is not used by any node"

    def _sources(self) -> Iterator[Source]:
        for node in self.graph.nodes.values():
            yield from node.inputs.values()
        yield from self.graph.outputs.values()

    def _picked(self, node: Node) -> InterfaceSet | str | None:
        component = self.components.get(node.component)
        if component is None:
            return None
        defaults = [slug for slug, one in self.interfaces.items() if one.default_value is not None]
        try:
            return component.pick_set(node.inputs, with_default=defaults)
        except ValidationError as error:
            return str(error)

    def _node(self, name: str, node: Node) -> Iterator[str]:
        picked = self.sets[name]
        if picked is None:
            near = _near(node.component, self.components)
            yield f"the node '{name}' names the unknown component '{node.component}'{near}"
        elif isinstance(picked, str):
            yield f"the node '{name}': {picked}"
        for slug, source in node.inputs.items():
            if problem := self._source(source):
                yield f"the input '{slug}' of the node '{name}' {problem}"
            elif problem := self._edge(slug, source):
                yield f"the input '{slug}' of the node '{name}' can't take {source}: {problem}"

    def _source(self, source: Source) -> str | None:
        if source.node is None:
            if source.name in self.graph.inputs:
                return None
            return f"names the unknown graph input '{source.name}'{_near(source.name, self.graph.inputs)}"
        if source.node not in self.graph.nodes:
            return f"names the unknown node '{source.node}'{_near(source.node, self.graph.nodes)}"
        picked = self.sets[source.node]
        if isinstance(picked, InterfaceSet) and source.name not in picked.outputs:
            near = _near(source.name, picked.outputs)
            return f"names '{source.name}', which the node '{source.node}' does not put out{near}"
        return None

    def _edge(self, slug: str, source: Source) -> str | None:
        given = source.name if source.node else self.graph.inputs[source.name]
        if given not in self.interfaces or slug not in self.interfaces:
            return None
        return interfaces_compatible(self.interfaces[given], self.interfaces[slug])


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
