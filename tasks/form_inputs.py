"""The inputs of a run that a deployment's form started: what was left empty in it is not given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.context import FlowRunContext

from interfaces.database.component_records import find_components
from interfaces.database.graph_records import find_nested_graphs
from interfaces.database.interface_records import find_interfaces
from interfaces.forms.parameters import component_inputs, graph_inputs
from interfaces.forms.values import filled_in
from interfaces.graph_ports import Definitions
from interfaces.site import get_site
from tasks.in_thread import in_thread


def is_from_deployment() -> bool:
    """Whether a deployment made the flow run that this code runs in; false in the sub-flows of such a run."""
    context = FlowRunContext.get()
    return context is not None and context.flow_run is not None and context.flow_run.deployment_id is not None


async def given_to_component(slug: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What is handed in for a component; in a run of a deployment, without what the form was left empty for."""
    return await in_thread(_of_component, slug, inputs) if is_from_deployment() else dict(inputs)


async def given_to_graph(slug: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a graph."""
    return await in_thread(_of_graph, slug, inputs) if is_from_deployment() else dict(inputs)


def _of_component(slug: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    with get_site().database.session() as session:
        component = find_components(session, [slug])[slug]
        interfaces = find_interfaces(session, component.input_slugs)
    return filled_in(inputs, component_inputs(component, interfaces), interfaces)


def _of_graph(slug: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    with get_site().database.session() as session:
        graphs = find_nested_graphs(session, slug)
        known = Definitions(components=find_components(session), interfaces=find_interfaces(session), graphs=graphs)
    graph = graphs[slug]
    interfaces = {name: known.interfaces[one] for name, one in graph.inputs.items() if one in known.interfaces}
    return filled_in(inputs, graph_inputs(graph, known), interfaces)
