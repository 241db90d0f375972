"""What planning a graph looks up, in a few queries however large it is."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from interfaces.component_images import ComponentImage
from interfaces.database.component_records import find_graphs, graph_from_json, image_from_row
from interfaces.database.in_parts import in_parts
from interfaces.database.tables import GraphRow, ImageRow
from interfaces.graph import Graph


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
