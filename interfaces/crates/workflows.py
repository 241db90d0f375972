"""Graphs as workflows, and which values go from where to where in them, as entities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import quote

from interfaces.crates.contents import CrateFile
from interfaces.crates.definitions import graph_yaml
from interfaces.crates.entities import Entities, Reference
from interfaces.crates.terms import COMPUTATIONAL_WORKFLOW, DEFINITIONS, MAIN_WORKFLOW
from interfaces.crates.values import parameter_id
from interfaces.graph import Graph, Node, Source

_TYPES = ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]


def workflow_entity(entities: Entities, graph: Graph, *, is_main: bool) -> Reference:
    """A graph as its definition file."""
    place = PurePosixPath(MAIN_WORKFLOW) if is_main else PurePosixPath(DEFINITIONS, f"{graph.slug}.graph.yaml")
    content = CrateFile.of_bytes(place, graph_yaml(graph))
    language = entities.add(
        "#graph-language",
        "ComputerLanguage",
        name="component-flows graph",
        alternateName="component-flows graph.yaml",
        description="YAML with nodes that are components or graphs, and where the inputs of each come from",
    )
    return entities.add_file(
        content,
        _TYPES,
        name=graph.title,
        description=graph.description,
        programmingLanguage=language,
        conformsTo={"@id": COMPUTATIONAL_WORKFLOW},
        version=content.stored.sha256[:12],
    )


def step_entity(entities: Entities, workflow: Reference, name: str, position: int, tool: Reference) -> Reference:
    """A node of a graph as a step.

    Args:
        entities: The crate.
        workflow: The graph's entity.
        name: The node's.
        position: From 0, after that of all steps which it needs.
        tool: The component or graph that it runs.
    """
    step = entities.add(f"{workflow['@id']}#steps/{name}", "HowToStep", name=name, position=position)
    entities.link(step, "workExample", tool)
    entities.link(workflow, "step", step)
    entities.link(workflow, "hasPart", tool)
    return step


def connect(entities: Entities, workflow: Reference, graph: Graph, tool_of: Callable[[Node], Reference]) -> None:
    """Tell along which edges of a graph values went: those between parameters that had one.

    Args:
        entities: The crate, with all parameters.
        workflow: The graph's entity.
        graph: The graph.
        tool_of: Gives the component or graph that a node runs.
    """

    def add(owner: Reference, source: Source, target: str) -> None:
        giver = tool_of(graph.nodes[source.node]) if source.node else workflow
        start = parameter_id(giver, "output" if source.node else "input", source.name)
        if entities.has(start) and entities.has(target):
            connection = entities.add(
                "#connection/" + "/".join(quote(one, safe="") for one in (owner["@id"], start, target)),
                "ParameterConnection",
                sourceParameter={"@id": start},
                targetParameter={"@id": target},
            )
            entities.link(owner, "connection", connection)

    for name, node in graph.nodes.items():
        step = {"@id": f"{workflow['@id']}#steps/{name}"}
        if entities.has(step["@id"]):
            for slug, source in node.inputs.items():
                add(step, source, parameter_id(tool_of(node), "input", slug))
    for name, source in graph.outputs.items():
        add(workflow, source, parameter_id(workflow, "output", name))
