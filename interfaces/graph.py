"""The typed graph: nodes are components or other graphs, edges are interface values. Nothing here runs anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from interfaces.errors import ValidationError


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a value comes from: an input of the graph, or an output of a node.

    Attributes:
        node: The node's name, or None for an input of the graph.
        name: The name of the graph's input, or the slug of the node's output interface.
    """

    node: str | None
    name: str

    @classmethod
    def from_text(cls, text: str) -> Source:
        """Read ``mri`` (an input of the graph) or ``segment.brain-tissues`` (an output of a node)."""
        node, dot, name = text.partition(".")
        return cls(node=node, name=name) if dot else cls(node=None, name=text)

    def __str__(self) -> str:
        """The text that `from_text` reads."""
        return f"{self.node}.{self.name}" if self.node else self.name


@dataclass(frozen=True, kw_only=True)
class Node:
    """One step of a graph: a component or another graph.

    Attributes:
        component: Slug of the component; "" for a node that is a graph.
        graph: Slug of the graph; "" for a node that is a component.
        inputs: By slug of the component's input, or name of the graph's input, where its value comes from.
        optional: Whether it is left out where one of its inputs is not there.
        scatter: Those of its inputs that are lists, of which each run takes one element. Several go in step.
    """

    component: str = ""
    graph: str = ""
    inputs: Mapping[str, Source]
    optional: bool = False
    scatter: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse none or both."""
        if bool(self.component) == bool(self.graph):
            raise ValidationError("a node needs exactly one of component and graph")

    @property
    def runs(self) -> str:
        """The slug of what it runs."""
        return self.component or self.graph

    @cached_property
    def needs(self) -> frozenset[str]:
        """The names of the nodes that must have finished before."""
        return frozenset(source.node for source in self.inputs.values() if source.node)


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A graph as a person wrote it, in YAML or in Python.

    Attributes:
        title: Human readable, unique name.
        slug: Made from the title unless given.
        description: What the graph is for.
        inputs: Interface slug by name of the graph's input.
        lists: The names of those inputs that are lists of values of their interface.
        nodes: The steps by name.
        outputs: Where each output comes from, by its name.
    """

    title: str
    slug: str
    inputs: Mapping[str, str]
    nodes: Mapping[str, Node]
    outputs: Mapping[str, Source]
    lists: frozenset[str] = frozenset()
    description: str = field(default="")

    def order(self) -> list[str]:
        """The nodes' names, each after those that it needs.

        Raises:
            graphlib.CycleError: The graph has a cycle.
        """
        known = {name: sorted(node.needs & self.nodes.keys()) for name, node in self.nodes.items()}
        return list(TopologicalSorter(known).static_order())

    def cycle(self) -> list[str]:
        """The names of the nodes on a cycle, first and last the same; empty where there is none."""
        try:
            self.order()
        except CycleError as error:
            return list(error.args[1])
        return []

    def followers(self) -> dict[str, set[str]]:
        """By node, the nodes that need it."""
        found: dict[str, set[str]] = {name: set() for name in self.nodes}
        for name, node in self.nodes.items():
            for needed in node.needs & self.nodes.keys():
                found[needed].add(name)
        return found
