"""Graphs in the database, and what planning one looks up: in a few queries however large it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from interfaces.component_images import ComponentImage
from interfaces.database.component_records import image_from_row
from interfaces.database.definition_records import find_definitions, save_definition
from interfaces.database.in_parts import in_parts
from interfaces.database.tables import GraphRow, ImageRow
from interfaces.graph import Graph, Node, Source


def save_graph(session: Session, graph: Graph) -> bool:
    """Register a graph, or apply what changed; gives whether anything was written."""
    definition = graph_json(graph)
    return save_definition(session, GraphRow, slug=graph.slug, title=graph.title, definition=definition)


def graph_json(graph: Graph) -> dict[str, Any]:
    """A graph as it is written in YAML, without its title and slug."""
    return {
        "description": graph.description,
        "inputs": {name: [slug] if name in graph.lists else slug for name, slug in graph.inputs.items()},
        "nodes": {name: _node_json(node) for name, node in graph.nodes.items()},
        "outputs": {name: str(source) for name, source in graph.outputs.items()},
    }


def _node_json(node: Node) -> dict[str, Any]:
    """A node as it is written in YAML."""
    runs = {"component": node.component} if node.component else {"graph": node.graph}
    inputs = {slug: str(source) for slug, source in node.inputs.items()}
    optional = {"optional": True} if node.optional else {}
    scatter = {"scatter": list(node.scatter)} if node.scatter else {}
    return {**runs, "inputs": inputs, **optional, **scatter}


def _node(data: dict[str, Any]) -> Node:
    inputs = {slug: Source.from_text(text) for slug, text in data["inputs"].items()}
    return Node(**{**data, "inputs": inputs, "scatter": tuple(data.get("scatter", ()))})


def graph_from_json(data: dict[str, Any], *, slug: str, title: str) -> Graph:
    """The graph that `graph_json` has written."""
    return Graph(
        slug=slug,
        title=title,
        description=data["description"],
        inputs={name: one[0] if isinstance(one, list) else one for name, one in data["inputs"].items()},
        lists=frozenset(name for name, one in data["inputs"].items() if isinstance(one, list)),
        nodes={name: _node(node) for name, node in data["nodes"].items()},
        outputs={name: Source.from_text(text) for name, text in data["outputs"].items()},
    )


def find_graphs(session: Session, slugs: Iterable[str] | None = None) -> dict[str, Graph]:
    """The registered graphs by slug; those asked for, or all.

    Raises:
        UnknownName: One is not registered.
    """
    rows = find_definitions(session, GraphRow, slugs, what="graph")
    return {row.slug: graph_from_json(row.definition, slug=row.slug, title=row.title) for row in rows}


def find_nested_graphs(session: Session, slug: str) -> dict[str, Graph]:
    """A registered graph and all those within it by slug; what is not registered is not there.

    Raises:
        UnknownName: The graph itself is not registered.
    """
    found = find_graphs(session, [slug])
    todo = set(found)
    while todo:
        inner = {node.graph for one in todo for node in found[one].nodes.values() if node.graph} - found.keys()
        todo = set()
        for part in in_parts(inner):
            for row in session.scalars(select(GraphRow).where(GraphRow.slug.in_(part))):
                found[row.slug] = graph_from_json(row.definition, slug=row.slug, title=row.title)
                todo.add(row.slug)
    return found


def desired_images(session: Session, components: Iterable[str]) -> dict[str, ComponentImage]:
    """The versions of the images of some components that new jobs use, by the component's slug."""
    return {
        row.component_slug: image_from_row(row)
        for part in in_parts(set(components))
        for row in session.scalars(
            select(ImageRow).where(ImageRow.component_slug.in_(part), ImageRow.is_desired_version.is_(True))
        )
    }
