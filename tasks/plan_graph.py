"""Check a graph and its inputs before anything runs: all problems at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from interfaces.database.component_records import desired_image, find_components, find_graphs
from interfaces.database.interface_records import find_interfaces
from interfaces.engine import get_engine
from interfaces.errors import GraphInvalid, InvalidInputs
from interfaces.graph import Graph
from interfaces.graph_check import check_graph
from interfaces.graph_ports import Definitions
from interfaces.site import get_site
from interfaces.value import ComponentInterfaceValue
from tasks.in_thread import in_thread
from tasks.validate_inputs import read_inputs


@dataclass(frozen=True, kw_only=True)
class GraphPlan:
    """A graph that can run, with its valid inputs by name."""

    graph: Graph
    inputs: Mapping[str, ComponentInterfaceValue]


def planned(slug: str, given: Mapping[str, Any]) -> GraphPlan:
    """Check the graph, its components and its inputs.

    Raises:
        UnknownName: No such graph is registered.
        GraphInvalid: The graph can't run; holds every problem.
        InvalidInputs: One or more inputs are missing, unknown or invalid; holds every problem.
        EngineUnavailable: No container engine answers.
    """
    get_engine()
    with get_site().database.session() as session:
        graph = find_graphs(session, [slug])[slug]
        components = find_components(session)
        interfaces = find_interfaces(session)
        problems = list(check_graph(graph, Definitions(components=components, interfaces=interfaces)))
        problems += [
            f"the component '{component}' has no container image; register its folder again"
            for component in sorted({node.component for node in graph.nodes.values()} & set(components))
            if desired_image(session, component) is None
        ]
    if problems:
        raise GraphInvalid(slug, problems)
    return GraphPlan(
        graph=graph, inputs=_read(graph, {name: interfaces[one] for name, one in graph.inputs.items()}, given)
    )


def _read(graph: Graph, interfaces: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, ComponentInterfaceValue]:
    problems = {name: _unknown(name, graph) for name in given if name not in interfaces}
    full = {name: interfaces[name].default_value for name in interfaces if interfaces[name].default_value is not None}
    full.update({name: value for name, value in given.items() if name in interfaces})
    for name, interface in interfaces.items():
        if name not in full:
            problems[name] = f"is missing; the graph '{graph.slug}' takes a {interface.kind.label} ({interface.slug})"
    try:
        values = read_inputs(interfaces, full)
    except InvalidInputs as error:
        raise InvalidInputs({**problems, **error.problems}) from error
    if problems:
        raise InvalidInputs(problems)
    return values


def _unknown(name: str, graph: Graph) -> str:
    near = get_close_matches(name, graph.inputs, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"its inputs are {', '.join(graph.inputs)}"
    return f"is no input of the graph '{graph.slug}'; {hint}"


@task(name="plan", cache_policy=NO_CACHE)
async def plan_graph(graph: str, inputs: Mapping[str, Any]) -> GraphPlan:
    """Check the graph and its inputs; see `planned`."""
    return await in_thread(planned, graph, inputs)
