"""Lists, what is optional, and graphs within graphs: what is known of them before anything runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from records import a_component

from interfaces.component import InterfaceSet
from interfaces.definition import ComponentInterface
from interfaces.errors import ValidationError
from interfaces.graph import Graph, Node, Source
from interfaces.graph_check import check_graph, find_problems, find_warnings
from interfaces.graph_ports import Definitions, Port
from interfaces.kinds import InterfaceKindChoices as Kind

INTERFACES = {
    one.slug: one
    for one in (
        ComponentInterface(title="scan", kind=Kind.IMAGE, relative_path="images/scan"),
        ComponentInterface(title="mask", kind=Kind.IMAGE, relative_path="images/mask"),
        ComponentInterface(title="count", kind=Kind.INTEGER, relative_path="count.json"),
        ComponentInterface(title="level", kind=Kind.INTEGER, relative_path="level.json", default_value=3),
        ComponentInterface(title="all", kind=Kind.ANY, relative_path="all.json"),
    )
}
COMPONENTS = {
    slug: a_component(title=slug, slug=slug, interfaces=(InterfaceSet(inputs=inputs, outputs=outputs),))
    for slug, inputs, outputs in (
        ("segment", ("scan",), ("mask",)),
        ("compare", ("scan", "mask"), ("count",)),
        ("sum", ("all",), ("count",)),
        ("tune", ("level",), ("count",)),
    )
}


def node(runs: str, inputs: dict[str, str], **options) -> Node:
    what = {"graph": runs[1:]} if runs.startswith("@") else {"component": runs}
    return Node(**what, inputs={name: Source.from_text(text) for name, text in inputs.items()}, **options)


def a_graph(slug: str, inputs: dict[str, str], outputs: dict[str, str], **nodes: Node) -> Graph:
    lists = frozenset(name for name, text in inputs.items() if text.endswith("*"))
    return Graph(
        title=slug,
        slug=slug,
        inputs={name: text.rstrip("*") for name, text in inputs.items()},
        lists=lists,
        nodes=nodes,
        outputs={name: Source.from_text(text) for name, text in outputs.items()},
    )


EACH = a_graph(
    "each",
    {"scans": "scan*"},
    {"total": "add.count", "masks": "cut.mask"},
    cut=node("segment", {"scan": "scans"}, scatter=("scan",)),
    judge=node("compare", {"scan": "scans", "mask": "cut.mask"}, scatter=("scan", "mask")),
    add=node("sum", {"all": "judge.count"}),
)
MAYBE = a_graph(
    "maybe",
    {"scan": "scan", "prior": "scan", "level": "level"},
    {"mask": "cut.mask", "older": "before.mask", "count": "judge.count", "tuned": "tune.count"},
    cut=node("segment", {"scan": "scan"}),
    before=node("segment", {"scan": "prior"}, optional=True),
    judge=node("compare", {"scan": "scan", "mask": "before.mask"}, optional=True),
    tune=node("tune", {"level": "level"}),
)
OUTER = a_graph(
    "outer",
    {"scans": "scan*", "one": "scan", "prior": "scan"},
    {"masks": "both.masks", "older": "maybe.older"},
    both=node("@each", {"scans": "scans"}),
    maybe=node("@maybe", {"scan": "one", "prior": "prior"}),
)


def known(*graphs: Graph) -> Definitions:
    return Definitions(components=COMPONENTS, interfaces=INTERFACES, graphs={one.slug: one for one in graphs})


def given_by(definitions: Definitions, graph: Graph, text: str) -> Port | None:
    return definitions.source(graph, Source.from_text(text))


@pytest.mark.parametrize("graph", [EACH, MAYBE, OUTER], ids=lambda one: one.slug)
def test_sound_graphs_have_no_problems(graph):
    assert check_graph(graph, known(EACH, MAYBE, OUTER)) == ()


def test_a_node_that_scatters_gives_lists():
    definitions = known(EACH)
    assert given_by(definitions, EACH, "scans") == Port(interface="scan", is_list=True)
    assert given_by(definitions, EACH, "cut.mask") == Port(interface="mask", is_list=True)
    assert given_by(definitions, EACH, "add.count") == Port(interface="count")


def test_an_input_may_be_left_out_where_all_that_take_it_do_without_it():
    ports = known(MAYBE).graph_inputs(MAYBE)
    assert {name for name, port in ports.items() if port.may_lack} == {"prior", "level"}


def test_what_needs_something_optional_may_lack_and_a_default_never_does():
    definitions = known(MAYBE)
    lacking = {
        text
        for text in ("prior", "level", *map(str, MAYBE.outputs.values()))
        if given_by(definitions, MAYBE, text).may_lack
    }
    assert lacking == {"prior", "before.mask", "judge.count"}


def test_a_nested_graph_hands_on_its_lists_and_what_may_lack():
    definitions = known(EACH, MAYBE, OUTER)
    assert given_by(definitions, OUTER, "both.masks") == Port(interface="mask", is_list=True)
    assert given_by(definitions, OUTER, "maybe.older") == Port(interface="mask", may_lack=True)
    assert definitions.graph_inputs(OUTER)["prior"].may_lack
    assert not definitions.graph_inputs(OUTER)["one"].may_lack


@pytest.mark.parametrize(
    ("wrong", "problem", "key"),
    [
        (
            node("segment", {"scan": "scans"}),
            "the input 'scan' of the node 'x' can't take scans: it is a list, but 'scan' takes one value; "
            "to run once for each, let the node scatter over it",
            "nodes x inputs scan",
        ),
        (
            node("segment", {"scan": "one"}, scatter=("scans",)),
            "the node 'x' scatters over 'scans', which is none of its inputs; did you mean 'scan'?",
            "nodes x scatter",
        ),
        (
            node("compare", {"scan": "one", "mask": "maybe.older"}),
            "the input 'mask' of the node 'x' needs maybe.older, which may not be there, since it comes from what is "
            "optional; make it optional, too",
            "nodes x inputs mask",
        ),
        (node("@maybe", {}), "the node 'x' lacks the input 'scan' of 'maybe'", "nodes x"),
        (
            node("@each", {"scan": "scans"}),
            "the node 'x' has the input 'scan', which 'each' does not take; did you mean 'scans'?",
            "nodes x inputs scan",
        ),
        (node("@eahc", {}), "the node 'x' names the unknown graph 'eahc'; did you mean 'each'?", "nodes x graph"),
        (node("each", {}), "the node 'x' names the unknown component 'each'; it is a graph", "nodes x component"),
        (
            node("@outer", {"scans": "scans", "one": "one"}),
            "the node 'x' would run the graph within itself: outer -> outer",
            "nodes x graph",
        ),
        (
            node("@each", {"scans": "scans"}, scatter=("scans",)),
            "the input 'scans' of the node 'x' can't take scans: each run would need a list of 'scan', and there are "
            "no lists of lists",
            "nodes x inputs scans",
        ),
    ],
)
def test_one_mistake_is_one_problem_with_its_key(wrong, problem, key):
    graph = replace(OUTER, nodes={**OUTER.nodes, "x": wrong})
    (found,) = find_problems(graph, known(EACH, MAYBE, graph))
    assert (found.text, found.key) == (problem, tuple(key.split()))


def test_a_circle_of_graphs_is_refused_in_each_of_them():
    a = a_graph("a", {}, {}, x=node("@b", {}))
    b = a_graph("b", {}, {}, y=node("@a", {}))
    assert check_graph(a, known(a, b)) == (
        "the node 'x' would run the graph within itself: a -> b -> a",
        "in 'x' (the graph 'b') the node 'y' would run the graph within itself: b -> a -> b",
    )


def test_problems_of_nested_graphs_come_with_their_path():
    broken = replace(EACH, nodes={**EACH.nodes, "bad": node("gone", {})})
    middle = a_graph("middle", {"scans": "scan*"}, {"n": "in.total"}, **{"in": node("@each", {"scans": "scans"})})
    top = a_graph("top", {"scans": "scan*"}, {"n": "deep.n"}, deep=node("@middle", {"scans": "scans"}))
    (found,) = check_graph(top, known(broken, middle, top))
    assert found == "in 'deep/in' (the graph 'each') the node 'bad' names the unknown component 'gone'"


def test_what_is_hardly_meant_is_told_and_keeps_nothing_from_running():
    graph = a_graph("g", {"scan": "scan"}, {}, cut=node("segment", {"scan": "scan"}, optional=True), t=node("tune", {}))
    assert find_warnings(graph, known(graph)) == (
        "the output 'mask' of the node 'cut' is not used",
        "the output 'count' of the node 't' is not used",
    )
    always = replace(graph, nodes={**graph.nodes, "cut": node("segment", {"scan": "scan"})}, outputs={})
    assert find_problems(always, known(always)) == ()
    odd = a_graph("odd", {}, {"n": "b.count"}, a=node("tune", {}), b=node("sum", {"all": "a.count"}, optional=True))
    assert find_warnings(odd, known(odd)) == ("the node 'b' is optional, but its inputs are always there",)


def test_a_long_chain_of_optional_nodes_is_no_trouble():
    nodes = {"n0": node("segment", {"scan": "scan"}, optional=True)}
    nodes |= {f"n{i}": node("segment", {"scan": f"n{i - 1}.mask"}, optional=True) for i in range(1, 1500)}
    graph = a_graph("long", {"scan": "scan"}, {"mask": "n1499.mask"}, **nodes)
    assert check_graph(graph, known(graph)) == ()


@pytest.mark.parametrize("both", [{}, {"component": "a", "graph": "b"}])
def test_a_node_is_a_component_or_a_graph(both):
    with pytest.raises(ValidationError, match="exactly one of component and graph"):
        Node(**both, inputs={})
