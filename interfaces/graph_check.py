"""The static check of a graph: every problem at once, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from interfaces.component import Component, InterfaceSet
from interfaces.definition import ComponentInterface
from interfaces.edges import interfaces_compatible
from interfaces.errors import ValidationError
from interfaces.graph import Graph, Node, Source


@dataclass(frozen=True, kw_only=True)
class GraphProblem:
    """What keeps a graph from running.

    Attributes:
        text: One sentence.
        key: The key at fault in the graph's definition, such as ``("nodes", "measure", "component")``.
    """

    text: str
    key: tuple[str, ...]


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
    return tuple(problem.text for problem in find_problems(graph, components=components, interfaces=interfaces))


def find_problems(
    graph: Graph, *, components: Mapping[str, Component], interfaces: Mapping[str, ComponentInterface]
) -> tuple[GraphProblem, ...]:
    """As `check_graph`, with the key of each problem."""
    return tuple(_Check(graph, components, interfaces).problems())


class _Check:
    """One graph, and what is known about its names."""

    def __init__(
        self, graph: Graph, components: Mapping[str, Component], interfaces: Mapping[str, ComponentInterface]
    ) -> None:
        self.graph, self.components, self.interfaces = graph, components, interfaces
        self.with_default = {slug for slug, one in interfaces.items() if one.default_value is not None}
        self.sets = {name: self._picked(node) for name, node in graph.nodes.items()}

    def problems(self) -> Iterator[GraphProblem]:
        if not self.graph.nodes:
            yield GraphProblem(text="the graph has no nodes", key=("nodes",))
        yield from self._graph_inputs()
        for name, node in self.graph.nodes.items():
            yield from self._component(name, node)
            for slug, source in node.inputs.items():
                if why := self._source(source) or self._edge(source, slug):
                    text = f"the input '{slug}' of the node '{name}' {why}"
                    yield GraphProblem(text=text, key=("nodes", name, "inputs", slug))
        for name, source in self.graph.outputs.items():
            if why := self._source(source):
                yield GraphProblem(text=f"the output '{name}' {why}", key=("outputs", name))
        for cycle in _cycles(self.graph):
            text = f"the nodes {' -> '.join(cycle)} need each other in a circle, so that none can be the first"
            if len(cycle) == 2:
                text = f"the node '{cycle[0]}' needs its own output"
            yield GraphProblem(text=text, key=("nodes", cycle[0]))

    def _graph_inputs(self) -> Iterator[GraphProblem]:
        sources = {source for node in self.graph.nodes.values() for source in node.inputs.values()}
        sources |= set(self.graph.outputs.values())
        for name, slug in self.graph.inputs.items():
            key = ("inputs", name)
            if slug not in self.interfaces:
                near = _near(slug, self.interfaces)
                yield GraphProblem(text=f"the input '{name}' names the unknown interface '{slug}'{near}", key=key)
            if Source(node=None, name=name) not in sources:
                yield GraphProblem(text=f"the input '{name}' is not used by any node", key=key)

    def _picked(self, node: Node) -> InterfaceSet | None:
        """The set of inputs and outputs that a node's inputs ask for; None where that can't be said."""
        component = self.components.get(node.component)
        try:
            return component.pick_set(node.inputs, with_default=self.with_default) if component else None
        except ValidationError:
            return None

    def _component(self, name: str, node: Node) -> Iterator[GraphProblem]:
        """Problems with a node's component, and with which inputs it is given."""
        component = self.components.get(node.component)
        if component is None:
            near = _near(node.component, self.components)
            text = f"the node '{name}' names the unknown component '{node.component}'{near}"
            yield GraphProblem(text=text, key=("nodes", name, "component"))
            return
        used = component.input_slugs | component.output_slugs
        for slug in sorted(used - self.interfaces.keys()):
            text = f"the node '{name}': its component '{component.slug}' uses the unknown interface '{slug}'"
            yield GraphProblem(text=text, key=("nodes", name, "component"))
        left = component.input_slugs - node.inputs.keys()
        meant: set[str] = set()
        for slug in node.inputs:
            if slug not in component.input_slugs:
                nearest = get_close_matches(slug, sorted(left), n=1)
                meant |= set(nearest)
                near = _near(slug, nearest) or f"; it takes {_listed(component.input_slugs)}"
                text = f"the node '{name}' has the input '{slug}', which '{component.slug}' does not take{near}"
                yield GraphProblem(text=text, key=("nodes", name, "inputs", slug))
        if self.sets[name] is None:
            yield from self._missing(name, component, meant | (component.input_slugs & node.inputs.keys()))

    def _missing(self, name: str, component: Component, given: set[str]) -> Iterator[GraphProblem]:
        """What no set of a component's inputs does without."""
        gaps = [set(one.inputs) - given - self.with_default for one in component.interfaces if given <= set(one.inputs)]
        if not gaps:
            sets = " or ".join(f"({', '.join(one.inputs)})" for one in component.interfaces)
            text = f"the node '{name}' has the inputs {_listed(given)}, but '{component.slug}' takes {sets}"
            yield GraphProblem(text=text, key=("nodes", name))
        elif smallest := min(gaps, key=len):
            what = "inputs" if len(smallest) > 1 else "input"
            text = f"the node '{name}' lacks the {what} {_listed(smallest)} of '{component.slug}'"
            yield GraphProblem(text=text, key=("nodes", name))

    def _source(self, source: Source) -> str | None:
        """Why there is no value at a source."""
        if source.node is None:
            if source.name in self.graph.inputs:
                return None
            if node := self.graph.nodes.get(source.name):
                component = self.components.get(node.component)
                some = min(component.output_slugs, default="OUTPUT") if component else "OUTPUT"
                return f"names the node '{source.name}' as a whole; write '{source.name}.{some}'"
            return f"names the unknown graph input '{source.name}'{_near(source.name, self.graph.inputs)}"
        if source.node not in self.graph.nodes:
            return f"names the unknown node '{source.node}'{_near(source.node, self.graph.nodes)}"
        component = self.components.get(self.graph.nodes[source.node].component)
        picked = self.sets[source.node]
        if component is None or source.name in (picked.outputs if picked else component.output_slugs):
            return None
        why = f"names '{source.name}', which the node '{source.node}' does not put out"
        if picked and source.name in component.output_slugs:
            return f"{why} with these inputs; it puts out {_listed(picked.outputs)}"
        known = picked.outputs if picked else component.output_slugs
        return why + (_near(source.name, known) or f"; it puts out {_listed(known)}")

    def _edge(self, source: Source, slug: str) -> str | None:
        """Why the values of a source, which exists, need not fit an input."""
        given = self.interfaces.get(source.name if source.node else self.graph.inputs[source.name])
        wanted = self.interfaces.get(slug)
        reason = interfaces_compatible(given, wanted) if given and wanted else None
        return f"can't take {source}: {reason}" if reason else None


def _cycles(graph: Graph) -> Iterator[list[str]]:
    """Cycles that share no node; each ends with the node that it begins with."""
    while cycle := graph.cycle():
        members = cycle[:-1]
        first = members.index(min(members, key=list(graph.nodes).index))
        yield [*members[first:], *members[:first], members[first]]
        graph = replace(graph, nodes={name: node for name, node in graph.nodes.items() if name not in members})


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names)) or "none"


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
