"""Whether a component or a graph is an algorithm for a phase, and by which names it is called then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from interfaces.component import Component, InterfaceSet
from interfaces.errors import ValidationError
from interfaces.graph import Graph
from interfaces.graph_ports import Definitions


@dataclass(frozen=True, kw_only=True)
class Route:
    """How an algorithm is asked for the outputs of a set.

    Attributes:
        inputs: By interface slug, the algorithm's own name of that input; of a component the slug itself.
        outputs: By interface slug, its own name of that output.
    """

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


def find_route(algorithm: Component | Graph, asked: InterfaceSet, known: Definitions) -> Route:
    """How an algorithm answers one of a phase's sets of inputs and outputs.

    Args:
        algorithm: A registered component or graph.
        asked: The set. The algorithm must take exactly its inputs, and may give more than its outputs.
        known: What a graph may name.

    Raises:
        ValidationError: It does not; the text says what it lacks.
    """
    if isinstance(algorithm, Graph):
        return _route_of_graph(algorithm, asked, known)
    for each in algorithm.interfaces:
        if set(each.inputs) == set(asked.inputs):
            _check_outputs(algorithm, asked, dict.fromkeys(each.outputs, 1))
            return Route(inputs={slug: slug for slug in asked.inputs}, outputs={slug: slug for slug in asked.outputs})
    sets = " or ".join("(" + ", ".join(each.inputs) + ")" for each in algorithm.interfaces)
    raise ValidationError(f"'{algorithm.slug}' takes {sets}, and not ({', '.join(asked.inputs)})")


def _route_of_graph(graph: Graph, asked: InterfaceSet, known: Definitions) -> Route:
    ports = known.graph_inputs(graph)
    names: dict[str, list[str]] = {}
    for name, port in ports.items():
        if not port.is_list:
            names.setdefault(port.interface, []).append(name)
    for slug in asked.inputs:
        if len(names.get(slug, ())) != 1:
            raise ValidationError(_must_have_one(graph, "input", slug, names.get(slug, [])))
    inputs = {slug: names[slug][0] for slug in asked.inputs}
    if needed := sorted(name for name, port in ports.items() if name not in inputs.values() and not port.may_lack):
        raise ValidationError(f"the graph '{graph.slug}' needs '{needed[0]}' besides ({', '.join(asked.inputs)})")
    given = list(_outputs(graph, known))
    _check_outputs(graph, asked, {slug: [one for one, _ in given].count(slug) for slug, _ in given})
    found = dict(given)
    return Route(inputs=inputs, outputs={slug: found[slug] for slug in asked.outputs})


def _outputs(graph: Graph, known: Definitions) -> Iterator[tuple[str, str]]:
    """Slug and name of each output that is one value, and always there."""
    for name, source in graph.outputs.items():
        port = known.source(graph, source)
        if port is not None and not port.is_list and not port.may_lack:
            yield port.interface, name


def _check_outputs(algorithm: Component | Graph, asked: InterfaceSet, counts: Mapping[str, int]) -> None:
    for slug in asked.outputs:
        if counts.get(slug, 0) > 1:
            raise ValidationError(f"the graph '{algorithm.slug}' has {counts[slug]} outputs of '{slug}', but needs one")
    if missing := [slug for slug in asked.outputs if slug not in counts]:
        raise ValidationError(
            f"'{algorithm.slug}' does not give ({', '.join(missing)}) for ({', '.join(asked.inputs)})"
        )


def _must_have_one(graph: Graph, what: str, slug: str, names: list[str]) -> str:
    has = f"has {', '.join(names)}" if names else "has none"
    return f"the graph '{graph.slug}' needs exactly one {what} of '{slug}', but {has}"
