"""Register a graph that was made in Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from interfaces.catalogue.graph_file import NAME, NAME_RULE
from interfaces.component import Component
from interfaces.database.component_records import find_components
from interfaces.database.graph_records import find_graphs, save_graph
from interfaces.database.interface_records import find_interfaces
from interfaces.errors import GraphInvalid
from interfaces.graph import Graph
from interfaces.graph_check import check_graph
from interfaces.graph_ports import Definitions
from interfaces.site import get_site


def register_graph(graph: Graph) -> bool:
    """Register a graph that was made in Python; it runs by its slug, as one from YAML does. Doing it again is fine.

    Args:
        graph: The graph; what it names must be registered.

    Returns:
        Whether it was new or changed.

    Raises:
        GraphInvalid: It can't run; `.problems` holds every reason. Nothing is registered then.
    """
    with get_site().database.session() as session:
        components, graphs = find_components(session), find_graphs(session)
        interfaces = find_interfaces(session)
        known = Definitions(components=components, interfaces=interfaces, graphs={**graphs, graph.slug: graph})
        problems = [*_name_problems(graph, components, graphs), *check_graph(graph, known)]
        if problems:
            raise GraphInvalid(graph.slug, problems)
        return save_graph(session, graph)


def _name_problems(graph: Graph, components: Mapping[str, Component], graphs: Mapping[str, Graph]) -> Iterator[str]:
    if graph.slug in components:
        yield f"a component '{graph.slug}' is registered; choose another slug"
    others: list[Component | Graph] = [*components.values(), *graphs.values()]
    yield from (
        f"'{other.slug}' has the same title; choose another"
        for other in others
        if other.title == graph.title and other.slug != graph.slug
    )
    for what, names in (("input", graph.inputs), ("node", graph.nodes), ("output", graph.outputs)):
        yield from (f"the name '{name[:80]}' of the {what} {NAME_RULE}" for name in names if not NAME.fullmatch(name))
