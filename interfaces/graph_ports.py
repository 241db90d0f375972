"""What goes into the nodes of a graph and comes out of them, looked up in what is registered."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace

from interfaces.component import Component, InterfaceSet
from interfaces.definition import ComponentInterface
from interfaces.errors import ValidationError
from interfaces.graph import Graph, Node, Source

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Port:
    """What one input takes, or one output gives.

    Attributes:
        interface: Slug of the interface.
        is_list: Whether it is a list of values of that interface.
        may_lack: Whether it may be left out (an input), or may not be there (an output).
    """

    interface: str
    is_list: bool = False
    may_lack: bool = False


@dataclass(kw_only=True)
class _Derived:
    """What was worked out about a graph, which is kept so that its id stays its own."""

    graph: Graph
    inputs: Mapping[str, Port] | None = None
    sources: dict[Source, Port | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Definitions:
    """The definitions that a graph may name, each by its slug. What is derived from them is worked out once.

    Attributes:
        components: The components.
        interfaces: The interfaces.
        graphs: The graphs.
    """

    components: Mapping[str, Component]
    interfaces: Mapping[str, ComponentInterface]
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    _fits: dict[Hashable, str | None] = field(default_factory=dict, repr=False, compare=False)
    _derived: dict[int, _Derived] = field(default_factory=dict, repr=False, compare=False)

    def remembered(self, key: Hashable, why: Callable[[], str | None]) -> str | None:
        """What `why` says, asked once a key: a proof about two schemas can take milliseconds."""
        if key not in self._fits:
            self._fits[key] = why()
        return self._fits[key]

    def picked_set(self, node: Node) -> InterfaceSet | None:
        """The set of inputs and outputs that a node's inputs ask for; None where that can't be said."""
        component = self.components.get(node.component)
        with_default = [slug for slug in component.input_slugs if self._has_default(slug)] if component else []
        try:
            return component.pick_set(node.inputs, with_default=with_default) if component else None
        except ValidationError:
            return None

    def _has_default(self, slug: str) -> bool:
        interface = self.interfaces.get(slug)
        return interface is not None and interface.default_value is not None

    def inputs_of(self, node: Node) -> Mapping[str, Port]:
        """What a node's component or graph can take, by name; empty where it is not known."""
        if graph := self.graphs.get(node.graph):
            return self.graph_inputs(graph)
        component = self.components.get(node.component)
        return {slug: Port(interface=slug) for slug in component.input_slugs} if component else {}

    def lists_of(self, node: Node) -> frozenset[str]:
        """The names of a node's inputs that take a list: some of a graph's, none of a component's."""
        return frozenset(name for name, port in self.inputs_of(node).items() if port.is_list) if node.graph else _NONE

    def graph_inputs(self, graph: Graph) -> Mapping[str, Port]:
        """What a graph takes, by name.

        An input may be left out where it has a default value, or where all nodes that take it do without it: they are
        optional, or are graphs that may be given none themselves.
        """
        derived = self._derived.setdefault(id(graph), _Derived(graph=graph))
        if derived.inputs is None:
            derived.inputs = {}  # what a graph sees of itself, which is refused elsewhere
            needed = {
                source.name
                for node in graph.nodes.values()
                for name, source in node.inputs.items()
                if source.node is None and not self.does_without(node, name)
            }
            ports = {name: Port(interface=slug, is_list=name in graph.lists) for name, slug in graph.inputs.items()}
            derived.inputs = {
                name: replace(port, may_lack=name not in needed or self.fills_in(port)) for name, port in ports.items()
            }
        return derived.inputs

    def does_without(self, node: Node, name: str) -> bool:
        """Whether a node copes with an input that turns out not to be there."""
        if node.optional:
            return True
        port = self.inputs_of(node).get(name) if node.graph else None
        return port is not None and port.may_lack and name not in node.scatter

    def source(self, graph: Graph, source: Source) -> Port | None:
        """What a source in a graph gives; None where it is not known."""
        sources = self._derived.setdefault(id(graph), _Derived(graph=graph)).sources
        if source not in sources:
            sources[source] = None  # what needs itself, which is refused elsewhere
            sources[source] = self._source(graph, source)
        return sources[source]

    def _source(self, graph: Graph, source: Source) -> Port | None:
        if source.node is None:
            port = self.graph_inputs(graph).get(source.name)
            # A default stands in for what is not given.
            return replace(port, may_lack=port.may_lack and not self.fills_in(port)) if port else None
        node = graph.nodes.get(source.node)
        port = self.output(node, source.name) if node else None
        if node is None or port is None:
            return None
        lacks = node.optional and any(
            one is not None and one.may_lack for one in (self.source(graph, given) for given in node.inputs.values())
        )
        return replace(port, is_list=port.is_list or bool(node.scatter), may_lack=port.may_lack or lacks)

    def fills_in(self, port: Port) -> bool:
        """Whether the interface's default value stands in for an input that is not given."""
        return not port.is_list and self._has_default(port.interface)

    def output(self, node: Node, name: str) -> Port | None:
        """One output of a node's component or graph, as a single run of it gives it."""
        if graph := self.graphs.get(node.graph):
            return self.source(graph, graph.outputs[name]) if name in graph.outputs else None
        return Port(interface=name) if name in self.output_names(node) else None

    def output_names(self, node: Node) -> frozenset[str]:
        """The names of what a node gives with the inputs that it has; of all sets where none can be picked."""
        if graph := self.graphs.get(node.graph):
            return frozenset(graph.outputs)
        picked, component = self.picked_set(node), self.components.get(node.component)
        return frozenset(picked.outputs) if picked else component.output_slugs if component else frozenset()
