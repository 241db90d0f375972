"""``graph:`` in a definition file."""

from __future__ import annotations

from collections.abc import Iterator

from slugify import slugify

from interfaces.catalogue.yaml_source import YamlSource
from interfaces.errors import DefinitionError
from interfaces.graph import Graph, Node, Source

KEYS = ("title", "slug", "description", "inputs", "nodes", "outputs")
ROOT = "graph"


def read_graph(source: YamlSource) -> Graph:
    """The graph of a file.

    Raises:
        DefinitionError: The first problem, with its line and key.
    """
    source.mapping((ROOT,), required=("title", "inputs", "nodes", "outputs"), known=KEYS)
    title = source.typed((ROOT, "title"), str)
    slug = source.typed((ROOT, "slug"), str, slugify(title))
    if not slug or slug != slugify(slug):
        raise source.error((ROOT, "title"), f"the slug '{slug}' may hold only a-z, 0-9, -")
    return Graph(
        title=title,
        slug=slug,
        description=source.typed((ROOT, "description"), str, ""),
        inputs=_texts(source, (ROOT, "inputs")),
        nodes={name: _node(source, name) for name in source.mapping((ROOT, "nodes"))},
        outputs={name: Source.from_text(text) for name, text in _texts(source, (ROOT, "outputs")).items()},
    )


def _texts(source: YamlSource, path: tuple[str, ...]) -> dict[str, str]:
    return {name: source.typed((*path, name), str) for name in source.mapping(path)}


def _node(source: YamlSource, name: str) -> Node:
    path = (ROOT, "nodes", name)
    if "." in name:
        raise source.error(path, "a node's name may not hold a dot, which parts it from its outputs")
    source.mapping(path, required=("component", "inputs"), known=("component", "inputs"))
    inputs = {slug: Source.from_text(text) for slug, text in _texts(source, (*path, "inputs")).items()}
    return Node(component=source.typed((*path, "component"), str), inputs=inputs)


def read_graphs(source: YamlSource) -> Iterator[Graph | DefinitionError]:
    """The graph of a file, or its error."""
    try:
        yield read_graph(source)
    except DefinitionError as error:
        yield error
