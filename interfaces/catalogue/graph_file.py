"""``graph:`` in a definition file: nodes, and where each of their inputs comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from interfaces.catalogue.section import Section
from interfaces.catalogue.yaml_source import KeyPath, YamlSource
from interfaces.errors import DefinitionError
from interfaces.graph import Graph, Node, Source

ROOT = "graph"
REQUIRED = ("title", "nodes", "outputs")
KEYS = (*REQUIRED, "slug", "description", "inputs")
NODE_KEYS = ("component", "graph", "inputs", "optional", "scatter")

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_SOURCE = re.compile(rf"{NAME.pattern}(?:\.[A-Za-z0-9][A-Za-z0-9_-]*)?")
NAME_RULE = "may hold only letters, digits, - and _, at most 63, and must begin with a letter or digit"


def read_graph(source: YamlSource, problems: list[DefinitionError]) -> Iterator[tuple[Graph, KeyPath]]:
    """The graph of a file with its place in it; nothing where it has a problem.

    Whether its nodes fit together is a question for `interfaces.graph_check`.

    Args:
        source: A file with the key ``graph``.
        problems: Takes what is wrong.
    """
    before = len(problems)
    section = Section(source, (ROOT,), problems, known=KEYS, required=REQUIRED)
    title, slug = section.title_and_slug()
    description = section.lines("description")
    inputs, lists = _inputs(section)
    nodes = dict(_nodes(section))
    outputs = {name: origin for name, origin in _sources(section, "outputs") if _is_name(section, "outputs", name)}
    if len(problems) == before:
        yield (
            Graph(
                title=title,
                slug=slug,
                description=description,
                inputs=inputs,
                lists=lists,
                nodes=nodes,
                outputs=outputs,
            ),
            (ROOT,),
        )


def _is_name(section: Section, key: str, name: str) -> bool:
    if NAME.fullmatch(name):
        return True
    section.problem(f"the name '{name[:80]}' {NAME_RULE}", key, name)
    return False


def _inputs(section: Section) -> tuple[dict[str, str], frozenset[str]]:
    """Interface slugs by name, and which are lists: ``scan: t1`` is one value, ``scans: [t1]`` a list of values."""
    found: dict[str, str] = {}
    lists: set[str] = set()
    names = section.mapping("inputs")
    for name in names.data if names else ():
        assert names is not None
        if not _is_name(section, "inputs", name):
            continue
        if isinstance(names.data[name], list):
            slugs = names.texts(name)
            if len(slugs) == 1:
                found[name] = slugs[0]
                lists.add(name)
            elif name not in names.faulty:
                names.problem("must be one interface slug, or [SLUG] for a list of its values", name)
        else:
            found[name] = names.text(name)
    return found, frozenset(lists)


def _nodes(section: Section) -> Iterator[tuple[str, Node]]:
    nodes = section.mapping("nodes")
    if nodes is None:
        return
    if section.data["nodes"] == {}:
        section.problem("needs at least one node", "nodes")
    for name in nodes.data:
        if not _is_name(section, "nodes", name):
            continue
        is_graph = isinstance(nodes.data[name], dict) and "graph" in nodes.data[name]
        what = "graph" if is_graph else "component"
        node = nodes.section(name, known=NODE_KEYS, required=(what,))
        if is_graph and "component" in node.data:
            node.problem("stands beside 'graph'; a node is one of them", "component")
        slug, inputs, scatter = node.text(what), dict(_sources(node, "inputs")), _scatter(node)
        optional = bool(node.flag("optional", False))
        if slug:
            part = {what: slug}
            yield name, Node(**part, inputs=inputs, optional=optional, scatter=scatter)


def _scatter(node: Section) -> tuple[str, ...]:
    if isinstance(node.data.get("scatter"), list):
        return node.texts("scatter", wanted="the name of an input")
    text = node.text("scatter")
    return (text,) if text else ()


def _sources(section: Section, key: str) -> Iterator[tuple[str, Source]]:
    names = section.mapping(key)
    if names is None:
        return
    for name in names.data:
        text = names.text(name)
        if _SOURCE.fullmatch(text):
            yield name, Source.from_text(text)
        elif name not in names.faulty:
            rule = "write the name of an input of the graph, or NODE.OUTPUT with one of the node's outputs"
            names.problem(f"'{text[:80]}' names no value; {rule}", name)
