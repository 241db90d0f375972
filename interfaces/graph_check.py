"""The static check of a graph: every problem at once, before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches

from interfaces.component import Component
from interfaces.graph import Graph, Node, Source
from interfaces.graph_edges import why_unfit
from interfaces.graph_ports import Definitions, Port


@dataclass(frozen=True, kw_only=True)
class GraphProblem:
    """What keeps a graph from running.

    Attributes:
        text: One sentence.
        key: The key at fault in the graph's definition, such as ``("nodes", "measure", "component")``.
    """

    text: str
    key: tuple[str, ...]


def check_graph(graph: Graph, known: Definitions) -> tuple[str, ...]:
    """Look for everything that keeps a graph from running, also in the graphs that it holds.

    Args:
        graph: The graph.
        known: What it may name.

    Returns:
        One sentence a problem, those of a nested graph with the path to it; empty for a graph that can run.
    """
    return tuple(_walk(graph, known, path=(), seen={graph.slug}))


def _walk(graph: Graph, known: Definitions, *, path: tuple[str, ...], seen: set[str]) -> Iterator[str]:
    where = f"in '{'/'.join(path)}' (the graph '{graph.slug}') " if path else ""
    for problem in find_problems(graph, known):
        yield where + problem.text
    for name, node in graph.nodes.items():
        nested = known.graphs.get(node.graph)
        if nested is not None and nested.slug not in seen:  # each is told of once
            seen.add(nested.slug)
            yield from _walk(nested, known, path=(*path, name), seen=seen)


def find_warnings(graph: Graph, known: Definitions) -> tuple[str, ...]:
    """What does not keep a graph from running, and is hardly meant: one sentence each."""
    taken = {source for node in graph.nodes.values() for source in node.inputs.values()} | set(graph.outputs.values())
    found = []
    for name, node in graph.nodes.items():
        unused = [one for one in known.output_names(node) if Source(node=name, name=one) not in taken]
        if unused:
            what, verb = ("outputs", "are") if len(unused) > 1 else ("output", "is")
            found.append(f"the {what} {_listed(unused)} of the node '{name}' {verb} not used")
        if node.optional and not any(
            port is not None and port.may_lack for port in (known.source(graph, one) for one in node.inputs.values())
        ):
            found.append(f"the node '{name}' is optional, but its inputs are always there")
    return tuple(found)


def find_problems(graph: Graph, known: Definitions) -> tuple[GraphProblem, ...]:
    """What keeps a graph from running, with the key of each problem; those within nested graphs are not looked for."""
    return tuple(_Check(graph, known).problems())


class _Check:
    """One graph, and what is known about its names."""

    def __init__(self, graph: Graph, known: Definitions) -> None:
        self.graph, self.known = graph, known
        self.sets = {name: known.picked_set(node) for name, node in graph.nodes.items()}
        # In order, so that nothing has to look back through a long chain of nodes.
        for name in graph.order() if not graph.cycle() else ():
            for output in known.output_names(graph.nodes[name]):
                known.source(graph, Source(node=name, name=output))

    def problems(self) -> Iterator[GraphProblem]:
        if not self.graph.nodes:
            yield GraphProblem(text="the graph has no nodes", key=("nodes",))
        yield from self._graph_inputs()
        for name, node in self.graph.nodes.items():
            yield from self._part(name, node)
            yield from self._scatter(name, node)
            for slug, source in node.inputs.items():
                if why := self._source(source) or self._edge(node, source, slug):
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
            if slug not in self.known.interfaces:
                near = _near(slug, self.known.interfaces)
                yield GraphProblem(text=f"the input '{name}' names the unknown interface '{slug}'{near}", key=key)
            if Source(node=None, name=name) not in sources:
                yield GraphProblem(text=f"the input '{name}' is not used by any node", key=key)

    def _part(self, name: str, node: Node) -> Iterator[GraphProblem]:
        """Problems with a node's component or graph, and with which inputs it is given."""
        what, here, other = (
            ("component", self.known.components, self.known.graphs)
            if node.component
            else ("graph", self.known.graphs, self.known.components)
        )
        if node.runs not in here:
            near = _near(node.runs, here)
            if node.runs in other:
                near = f"; it is a {'graph' if node.component else 'component'}"
            text = f"the node '{name}' names the unknown {what} '{node.runs}'{near}"
            yield GraphProblem(text=text, key=("nodes", name, what))
            return
        if circle := _recursion(self.graph, node, self.known):
            text = f"the node '{name}' would run the graph within itself: {' -> '.join(circle)}"
            yield GraphProblem(text=text, key=("nodes", name, what))
            return
        takes = self.known.inputs_of(node)
        meant: set[str] = set()
        left = takes.keys() - node.inputs.keys()
        for slug in node.inputs:
            if slug not in takes:
                nearest = get_close_matches(slug, sorted(left), n=1)
                meant |= set(nearest)
                near = _near(slug, nearest) or f"; it takes {_listed(takes)}"
                text = f"the node '{name}' has the input '{slug}', which '{node.runs}' does not take{near}"
                yield GraphProblem(text=text, key=("nodes", name, "inputs", slug))
        given = meant | (takes.keys() & node.inputs.keys())
        if component := self.known.components.get(node.component):
            yield from self._component(name, component, given)
        else:
            yield from _lacks(name, node.runs, {one for one, port in takes.items() if not port.may_lack} - given)

    def _component(self, name: str, component: Component, given: set[str]) -> Iterator[GraphProblem]:
        for slug in sorted((component.input_slugs | component.output_slugs) - self.known.interfaces.keys()):
            text = f"the node '{name}': its component '{component.slug}' uses the unknown interface '{slug}'"
            yield GraphProblem(text=text, key=("nodes", name, "component"))
        if self.sets[name] is not None:
            return
        with_default = {slug for slug in component.input_slugs if self.known.fills_in(Port(interface=slug))}
        gaps = [set(one.inputs) - given - with_default for one in component.interfaces if given <= set(one.inputs)]
        if not gaps:
            sets = " or ".join(f"({', '.join(one.inputs)})" for one in component.interfaces)
            text = f"the node '{name}' has the inputs {_listed(given)}, but '{component.slug}' takes {sets}"
            yield GraphProblem(text=text, key=("nodes", name))
        else:
            yield from _lacks(name, component.slug, min(gaps, key=len))

    def _scatter(self, name: str, node: Node) -> Iterator[GraphProblem]:
        for slug in node.scatter:
            if slug not in node.inputs:
                text = f"the node '{name}' scatters over '{slug}', which is none of its inputs"
                near = _near(slug, node.inputs) or f"; they are {_listed(node.inputs)}"
                yield GraphProblem(text=text + near, key=("nodes", name, "scatter"))

    def _source(self, source: Source) -> str | None:
        """Why there is no value at a source."""
        if source.node is None:
            if source.name in self.graph.inputs:
                return None
            if node := self.graph.nodes.get(source.name):
                some = min(self._all_outputs(node), default="OUTPUT")
                return f"names the node '{source.name}' as a whole; write '{source.name}.{some}'"
            return f"names the unknown graph input '{source.name}'{_near(source.name, self.graph.inputs)}"
        node = self.graph.nodes.get(source.node)
        if node is None:
            return f"names the unknown node '{source.node}'{_near(source.node, self.graph.nodes)}"
        known = self.known.output_names(node)
        is_unknown = node.component not in self.known.components and node.graph not in self.known.graphs
        if is_unknown or source.name in known:
            port = self.known.output(node, source.name)
            if node.scatter and port is not None and port.is_list:
                return f"takes {source}, a list in each run of a node that scatters; there are no lists of lists"
            return None
        why = f"names '{source.name}', which the node '{source.node}' does not put out"
        if source.name in self._all_outputs(node):
            return f"{why} with these inputs; it puts out {_listed(known)}"
        return why + (_near(source.name, known) or f"; it puts out {_listed(known)}")

    def _all_outputs(self, node: Node) -> Collection[str]:
        component, graph = self.known.components.get(node.component), self.known.graphs.get(node.graph)
        return component.output_slugs if component else graph.outputs if graph else ()

    def _edge(self, node: Node, source: Source, name: str) -> str | None:
        """Why what a source gives, which exists, need not fit an input."""
        port, takes = self.known.source(self.graph, source), self.known.inputs_of(node).get(name)
        if port is None or takes is None:
            return None
        given, wanted = self.known.interfaces.get(port.interface), self.known.interfaces.get(takes.interface)
        if given is None or wanted is None:
            return None
        scattered = name in node.scatter
        reason = self.known.remembered(
            (given.slug, wanted.slug, port.is_list, takes.is_list, scattered),
            lambda: why_unfit(given, wanted, is_list=port.is_list, wants_list=takes.is_list, scattered=scattered),
        )
        if reason:
            return f"can't take {source}: {reason}"
        if port.may_lack and not self.known.does_without(node, name):
            return (
                f"needs {source}, which may not be there, since it comes from what is optional; make it optional, too"
            )
        return None


def _lacks(name: str, part: str, missing: set[str]) -> Iterator[GraphProblem]:
    if missing:
        what = "inputs" if len(missing) > 1 else "input"
        text = f"the node '{name}' lacks the {what} {_listed(missing)} of '{part}'"
        yield GraphProblem(text=text, key=("nodes", name))


def _recursion(graph: Graph, node: Node, known: Definitions) -> tuple[str, ...]:
    """The slugs of the graphs from this one through a node back to it; empty where they don't lead back."""
    todo, seen = [(graph.slug, node.graph)], set[str]()
    while todo:
        path = todo.pop()
        if path[-1] == graph.slug:
            return path
        nested = known.graphs.get(path[-1])
        if nested is not None and path[-1] not in seen:
            seen.add(path[-1])
            todo += [(*path, one.graph) for one in nested.nodes.values() if one.graph]  # type: ignore[misc]
    return ()


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
