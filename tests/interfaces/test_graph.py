from __future__ import annotations

import itertools
from graphlib import CycleError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfaces.graph import Graph, Node, Source


def a_graph(**needs: str) -> Graph:
    """A graph whose nodes need others: ``a_graph(a="", b="a", c="a b")``."""
    return Graph(
        title="Graph",
        slug="graph",
        inputs={},
        outputs={},
        nodes={
            name: Node(component="any", inputs={f"in-{one}": Source(node=one, name="out") for one in text.split()})
            for name, text in needs.items()
        },
    )


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("mri", Source(node=None, name="mri")),
        ("segment.brain-tissues", Source(node="segment", name="brain-tissues")),
    ],
)
def test_a_source_is_read_and_written(text, source):
    assert Source.from_text(text) == source
    assert str(source) == text


def test_a_node_needs_the_nodes_that_its_inputs_come_from_but_not_the_inputs_of_the_graph():
    inputs = {"a": Source.from_text("mri"), "b": Source.from_text("x.out"), "c": Source.from_text("x.other")}
    assert Node(component="any", inputs=inputs).needs == {"x"}


def test_each_node_comes_after_those_that_it_needs():
    assert a_graph(last="left right", left="first", right="first", first="").order()[0] == "first"
    assert a_graph(last="left right", left="first", right="first", first="").order()[-1] == "last"


def test_an_empty_graph_has_no_order_and_no_cycle():
    assert a_graph().order() == []
    assert a_graph().cycle() == []


def test_an_unknown_node_is_no_part_of_the_order():
    assert a_graph(a="nowhere").order() == ["a"]


def test_a_cycle_is_named_from_each_node_to_the_one_that_needs_it():
    graph = a_graph(a="c", b="a", c="b", d="a")
    with pytest.raises(CycleError):
        graph.order()
    cycle = graph.cycle()
    assert cycle[0] == cycle[-1]
    assert set(cycle) == {"a", "b", "c"}
    for node, follower in itertools.pairwise(cycle):
        assert node in graph.nodes[follower].needs


def test_a_node_that_needs_itself_is_a_cycle():
    assert a_graph(a="a").cycle() == ["a", "a"]


def test_a_long_chain_is_no_trouble():
    names = [f"n{index}" for index in range(5000)]
    graph = a_graph(n0="", **{name: before for before, name in itertools.pairwise(names)})
    assert graph.order() == names


@given(
    needs=st.dictionaries(
        st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefg"), max_size=4).map(" ".join), max_size=6
    )
)
def test_a_graph_has_an_order_or_a_cycle_never_both(needs):
    graph = a_graph(**needs)
    if cycle := graph.cycle():
        for node, follower in itertools.pairwise(cycle):
            assert node in graph.nodes[follower].needs
    else:
        order = graph.order()
        assert sorted(order) == sorted(graph.nodes)
        for name, node in graph.nodes.items():
            assert all(order.index(one) < order.index(name) for one in node.needs & graph.nodes.keys())
