"""What is registered under a name, be it a component or a graph."""

from __future__ import annotations

from sqlalchemy.orm import Session

from interfaces.component import Component
from interfaces.database.component_records import find_components
from interfaces.database.graph_records import find_graphs
from interfaces.database.interface_records import find_interfaces, unknown
from interfaces.errors import UnknownName
from interfaces.graph import Graph
from interfaces.graph_ports import Definitions


def find_component_or_graph(session: Session, name: str) -> tuple[Component | Graph, Definitions]:
    """A component or a graph by its slug, and everything else that is registered.

    Raises:
        UnknownName: Nothing has that name, or both a component and a graph have it.
    """
    known = Definitions(
        components=find_components(session), interfaces=find_interfaces(session), graphs=find_graphs(session)
    )
    if name in known.components and name in known.graphs:
        raise UnknownName(f"'{name}' is both a component and a graph; give one of them another slug")
    found = known.components.get(name) or known.graphs.get(name)
    if found is None:
        raise unknown("component or graph", name, [*known.components, *known.graphs])
    return found, known
